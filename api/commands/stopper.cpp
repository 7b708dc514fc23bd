#include "api/commands/stopper.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace millrace {
Stopper::Stopper(const StopTimes& times) : times_(times) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this] { wait(); });
}

Stopper::~Stopper() {
  over_ = true;
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

void Stopper::serving(Server& server, std::function<void()> end_work) {
  const std::lock_guard lock(mutex_);
  server_ = &server;
  end_work_ = std::move(end_work);
}

void Stopper::served() {
  const std::lock_guard lock(mutex_);
  server_ = nullptr;
  end_work_ = nullptr;
}

void Stopper::wait() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  for (;;) {
    const int received = next_signal();
    if (over_) return;
    if (received > 0) {
      stop(received);
    } else if (errno == EAGAIN && then_ == Then::EndWork) {
      end_work();
    } else if (errno == EAGAIN) {
      end_process();
    }
  }
}

// -1 when it is time for what comes then.
int Stopper::next_signal() {
  if (then_ == Then::Nothing) return sigwaitinfo(&signals_, nullptr);
  const Clock::duration left =
      asked_at_ + (then_ == Then::EndWork ? times_.databases : times_.requests) - Clock::now();
  const auto ns = std::max<std::chrono::nanoseconds>(left, std::chrono::nanoseconds(0)).count();
  const timespec time{.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
  return sigtimedwait(&signals_, nullptr, &time);
}

// Stops first: what comes before it may take its time.
void Stopper::stop(int signal) {
  {
    const std::lock_guard lock(mutex_);
    if (server_ == nullptr || asked_) std::_Exit(asked_ ? 128 + signal : 0);
    server_->stop();
  }
  asked_ = true;
  asked_at_ = Clock::now();
  then_ = Then::EndWork;
  spdlog::info("Stopping: requests under way are finished first");
}

void Stopper::end_work() {
  then_ = Then::EndProcess;
  const std::lock_guard lock(mutex_);
  if (end_work_) end_work_();
}

void Stopper::end_process() {
  then_ = Then::Nothing;
  const std::lock_guard lock(mutex_);
  if (server_ == nullptr) return;  // what is left takes its time, and has an end
  spdlog::error("Requests under way do not end: the process ends without them");
  std::_Exit(1);
}

}  // namespace millrace
