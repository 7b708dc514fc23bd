// Certificates for tests, in files of a folder that goes with them.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "api/http/tls.h"

namespace millrace::tls_test {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

inline Key new_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

inline void add_extension(X509* certificate, int nid, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_nconf_nid(nullptr, nullptr, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Without an issuer it is an authority's own.
inline Certificate new_certificate(const std::string& name, EVP_PKEY* key,
                                   const X509* issuer = nullptr, EVP_PKEY* issuer_key = nullptr) {
  static long serial = 1;
  Certificate made(X509_new(), X509_free);
  X509* certificate = made.get();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  constexpr long kDay = 24L * 3600;
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), kDay);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate,
                       X509_get_subject_name(issuer == nullptr ? certificate : issuer));
  X509_set_pubkey(certificate, key);
  add_extension(certificate, NID_basic_constraints,
                issuer == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  X509_sign(certificate, issuer == nullptr ? key : issuer_key, EVP_sha256());
  return made;
}

class Certificates {
 public:
  Certificates() : folder_(std::filesystem::path(testing::TempDir()) / "certificates-XXXXXX") {
    std::string name = folder_.string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    write("ca.pem", authority_.get());
  }
  ~Certificates() { std::filesystem::remove_all(folder_); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string authority() const { return path("ca.pem"); }

  // NAME.pem and NAME.key. Written beside their places and renamed, as those who renew do it.
  TlsFiles issue(const std::string& name, const std::string& subject) const {
    const Key key = new_key();
    const Certificate made =
        new_certificate(subject, key.get(), authority_.get(), authority_key_.get());
    write(name + ".pem", made.get());
    FILE* file = std::fopen(path("new").c_str(), "w");
    PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    std::filesystem::rename(path("new"), path(name + ".key"));
    return {path(name + ".pem"), path(name + ".key"), ""};
  }

  std::string encrypted_key(const std::string& name) const {
    unsigned char passphrase[] = "secret";
    FILE* file = std::fopen(path(name).c_str(), "w");
    PEM_write_PrivateKey(file, new_key().get(), EVP_aes_128_cbc(), passphrase, 6, nullptr, nullptr);
    std::fclose(file);
    return path(name);
  }

 private:
  void write(const std::string& name, X509* certificate) const {
    FILE* file = std::fopen(path("new").c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    std::filesystem::rename(path("new"), path(name));
  }

  std::filesystem::path folder_;
  const Key authority_key_ = new_key();
  const Certificate authority_ = new_certificate("authority", authority_key_.get());
};

}  // namespace millrace::tls_test
