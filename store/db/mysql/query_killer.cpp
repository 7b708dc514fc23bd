#include "store/db/mysql/query_killer.h"

#include <soci/mysql/soci-mysql.h>
#include <soci/soci.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

#include "store/db/mysql/connect_string.h"

namespace millrace {
namespace {

constexpr const char* kSeconds = "2";  // for each step, with a server that may not answer
constexpr std::size_t kMostWaiting = 64;

std::string hurried(const std::string& connect_string) {
  auto values = parse_connect_string(connect_string);
  for (const char* name : {"connect_timeout", "read_timeout", "write_timeout"}) {
    values[name] = kSeconds;
  }
  return make_connect_string(values);
}

}  // namespace

QueryKiller::QueryKiller(std::string connect_string) : connect_string_(std::move(connect_string)) {}

QueryKiller::~QueryKiller() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void QueryKiller::kill(const Target& target) noexcept try {
  const std::lock_guard lock(mutex_);
  if (targets_.size() >= kMostWaiting) return;
  targets_.push_back(target);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_one();
} catch (const std::exception& error) {  // the statement ends later, then
  spdlog::debug("a statement is not ended on the server: {}", error.what());
}

void QueryKiller::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !targets_.empty(); });
    if (stopping_) return;
    const Target target = std::move(targets_.front());
    targets_.pop_front();
    lock.unlock();
    try {
      kill_now(target);
    } catch (const std::exception& error) {  // mostly there is nothing any more to be ended
      spdlog::debug("a statement is not ended on the server: {}", error.what());
    }
    lock.lock();
  }
}

void QueryKiller::kill_now(const Target& target) {
  soci::session session(soci::mysql, hurried(connect_string_));
  std::string server;
  session << std::string("SELECT ") + kServerName, soci::into(server);
  if (server == target.server) session << "KILL QUERY " + std::to_string(target.connection);
}

}  // namespace millrace
