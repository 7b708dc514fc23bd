#include "store/db/server/opener.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace millrace {

struct SessionOpener::Opening {
  std::unique_ptr<ServerSession> session;
  std::exception_ptr failure;
  bool has_ended = false;
  std::condition_variable ended;
};

struct SessionOpener::Shared {
  explicit Shared(std::shared_ptr<ServerDriver> d) : driver(std::move(d)) {}

  const std::shared_ptr<ServerDriver> driver;
  std::mutex mutex;                              // guards what follows, and openings
  std::list<std::shared_ptr<Opening>> unwanted;  // under way, for the next who asks
};

SessionOpener::SessionOpener(std::shared_ptr<ServerDriver> driver, const Watch& watch)
    : shared_(std::make_shared<Shared>(std::move(driver))), watch_(watch) {}

SessionOpener::~SessionOpener() = default;

std::unique_ptr<ServerSession> SessionOpener::open(const WorkOrder& order) {
  std::unique_lock lock(shared_->mutex);
  auto& unwanted = shared_->unwanted;
  std::shared_ptr<Opening> opening;
  if (unwanted.empty()) {
    opening = begin();
  } else {
    opening = std::move(unwanted.front());
    unwanted.pop_front();
  }
  while (!opening->ended.wait_for(lock, Watch::kTick, [&] { return opening->has_ended; })) {
    lock.unlock();
    const auto ending = watch_.ending(order);
    lock.lock();
    if (!ending || opening->has_ended) continue;
    unwanted.push_back(std::move(opening));
    throw Cancelled(*ending);
  }
  if (opening->failure) std::rethrow_exception(std::exchange(opening->failure, nullptr));
  return std::move(opening->session);
}

// Whatever nobody wants is closed without the mutex.
std::shared_ptr<SessionOpener::Opening> SessionOpener::begin() try {
  auto opening = std::make_shared<Opening>();
  std::thread([shared = shared_, opening] {
    std::unique_ptr<ServerSession> session;
    std::exception_ptr failure;
    try {
      session = std::make_unique<ServerSession>(*shared->driver);
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(shared->mutex);
    opening->has_ended = true;
    if (shared->unwanted.remove(opening) > 0) return;
    opening->session = std::move(session);
    opening->failure = std::move(failure);
    opening->ended.notify_one();
  }).detach();
  return opening;
} catch (const std::system_error& error) {  // it may be had when others have ended
  throw Interrupted(Failure::Unreachable,
                    std::string("There is no thread for a connection: ") + error.what());
}

}  // namespace millrace
