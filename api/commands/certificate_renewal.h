// Keeps the certificate of a running server as its files have it.
#pragma once

#include <signal.h>

#include <atomic>
#include <memory>
#include <thread>

#include "api/http/tls.h"

namespace millrace {

// Reads the files again when they change, within a second, and on SIGHUP; what cannot be used is
// told in the log, and the server goes on with what it has.
class CertificateRenewal {
 public:
  // To be made before other threads are: the signal is blocked in all of them. Without an identity
  // it does nothing.
  explicit CertificateRenewal(std::shared_ptr<TlsIdentity> identity);
  ~CertificateRenewal();
  CertificateRenewal(const CertificateRenewal&) = delete;
  CertificateRenewal& operator=(const CertificateRenewal&) = delete;

  // Once.
  void start();

 private:
  void watch();

  const std::shared_ptr<TlsIdentity> identity_;
  sigset_t hangup_{};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace millrace
