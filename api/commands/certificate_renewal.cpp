#include "api/commands/certificate_renewal.h"

#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <string>

#include "store/common/error.h"
#include "store/text/log_text.h"

namespace millrace {

namespace {

constexpr timespec kLookEvery{.tv_sec = 1, .tv_nsec = 0};

void tell_doubts(const TlsIdentity& identity) {
  for (const std::string& doubt : identity.doubts()) spdlog::warn("TLS: {}", log_text(doubt));
}

}  // namespace

CertificateRenewal::CertificateRenewal(std::shared_ptr<TlsIdentity> identity)
    : identity_(std::move(identity)) {
  if (!identity_) return;
  sigemptyset(&hangup_);
  sigaddset(&hangup_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &hangup_, nullptr);
}

CertificateRenewal::~CertificateRenewal() {
  if (!thread_.joinable()) return;
  over_ = true;
  pthread_kill(thread_.native_handle(), SIGHUP);
  thread_.join();
}

void CertificateRenewal::start() {
  if (!identity_) return;
  tell_doubts(*identity_);
  thread_ = std::thread([this] { watch(); });
}

// What fails is tried again each time, since files may be half written, and told once.
void CertificateRenewal::watch() {
  std::string told;
  for (;;) {
    const bool asked = sigtimedwait(&hangup_, nullptr, &kLookEvery) == SIGHUP;
    if (over_) return;
    if (!asked && !identity_->is_outdated()) continue;
    try {
      identity_->renew();
      spdlog::info("The certificate is renewed");
      tell_doubts(*identity_);
      told.clear();
    } catch (const Error& error) {
      if (asked || error.message() != told)
        spdlog::error("The certificate is not renewed: {}", log_text(error.message()));
      told = error.message();
    }
  }
}

}  // namespace millrace
