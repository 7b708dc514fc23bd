#include "api/commands/log_sink.h"

#include <poll.h>
#include <spdlog/fmt/fmt.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace millrace {

void LogSink::sink_it_(const spdlog::details::log_msg& message) {
  if (dropped_ > 0) {
    const std::string text =
        fmt::format("{} lines of this log are missing: nobody read them", dropped_);
    if (!write({message.time, message.source, message.logger_name, spdlog::level::warn, text})) {
      ++dropped_;
      return;
    }
    dropped_ = 0;
  }
  if (!write(message)) ++dropped_;
}

// False when the line would have to wait.
bool LogSink::write(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (line.size() > kLongest) {
    line.resize(kLongest);
    line[kLongest - 1] = '\n';
  }
  // A socket, as systemd gives it, takes that from the call; of a pipe poll() says whether there is
  // room for as much as this. Anything else than that there is none is not to be mended here.
  if (::send(descriptor_, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
  if (errno != ENOTSOCK) return errno != EAGAIN;
  pollfd state{descriptor_, POLLOUT, 0};
  if (::poll(&state, 1, 0) == 0) return false;
  return ::write(descriptor_, line.data(), line.size()) >= 0 || errno != EAGAIN;
}

}  // namespace millrace
