#include "store/db/postgresql/denial.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <memory>

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

// For the second answer; the first one has just come.
constexpr std::chrono::seconds kPatience{3};

// Behind the severity, which libpq puts before what comes from the server only.
constexpr const char* kMark = ":  ";

// What libpq itself finds missing, in English in this program: a password that the server asks for,
// and a service of libpq's file.
bool is_missing_here(const std::string& message) {
  return message.find("no password supplied") != std::string::npos ||
         message.find("definition of service") != std::string::npos;
}

// True when `connection` can be read from or written to, as `state` asks for.
bool wait_for(PGconn* connection, PostgresPollingStatusType state, Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
  pollfd socket{PQsocket(connection), 0, 0};
  socket.events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
  return ::poll(&socket, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) > 0;
}

// libpq's message with the server's code in place of its text; empty where none came.
std::string ask_for_code(const std::string& connect_string) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(
      PQconnectStart(connect_string.c_str()), &PQfinish);
  if (connection == nullptr || PQstatus(connection.get()) == CONNECTION_BAD) return "";
  PQsetErrorVerbosity(connection.get(), PQERRORS_SQLSTATE);
  const Clock::time_point end = Clock::now() + kPatience;
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
    if (!wait_for(connection.get(), state, end)) return "";
    state = PQconnectPoll(connection.get());
  }
  return state == PGRES_POLLING_OK ? "" : PQerrorMessage(connection.get());
}

}  // namespace

bool is_denied_by_postgresql(const std::string& connect_string, const std::string& message) {
  if (is_missing_here(message)) return true;
  if (message.find(kMark) == std::string::npos) return false;
  const std::string answer = ask_for_code(connect_string);
  // invalid_authorization_specification, invalid_password, invalid_catalog_name,
  // insufficient_privilege
  for (const char* code : {"28000", "28P01", "3D000", "42501"}) {
    if (answer.find(std::string(kMark) + code) != std::string::npos) return true;
  }
  return false;
}

}  // namespace millrace
