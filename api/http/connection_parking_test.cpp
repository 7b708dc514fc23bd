#include "api/http/connection_parking.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <new>
#include <string>
#include <string_view>

namespace millrace::connection_parking_test {
namespace {

// A connection, and the other end of it.
class Pair {
 public:
  explicit Pair(ConnectionContext& context) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    client_ = ends[1];
    connection_ = std::make_unique<Connection>(Descriptor(ends[0]), context);
  }
  ~Pair() { ::close(client_); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  // The connection as it is when it has taken `bytes`.
  std::unique_ptr<Connection> after(std::string_view bytes) {
    EXPECT_EQ(::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    const Connection::Desk desk{[](const Connection&) { return true; }, [] { return true; }};
    EXPECT_EQ(connection_->serve(desk), Connection::Next::Park);
    return std::move(connection_);
  }
  std::unique_ptr<Connection> untouched() { return std::move(connection_); }

  void send(char byte) const { EXPECT_EQ(::send(client_, &byte, 1, MSG_NOSIGNAL), 1); }
  // What has come from the connection is thrown away.
  bool is_open() const {
    std::array<char, 1000> bytes{};
    while (::recv(client_, bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
    }
    return ::recv(client_, bytes.data(), bytes.size(), MSG_DONTWAIT) != 0;
  }
  void wait_for_end() const {
    char byte = 0;
    EXPECT_LE(::recv(client_, &byte, 1, 0), 0);
  }

 private:
  int client_ = -1;
  std::unique_ptr<Connection> connection_;
};

TEST(ConnectionParking, OneThatCannotBeWokenIsClosed) {
  ConnectionContext context({}, nullptr, [](Exchange&) {});
  ConnectionParking parking([](std::unique_ptr<Connection>) { throw std::bad_alloc(); });
  for (int i = 0; i < 2; ++i) {
    Pair pair(context);
    parking.park(pair.untouched());
    pair.send('G');
    pair.wait_for_end();
  }
  parking.stop();
  EXPECT_EQ(context.descriptors, 0U);
}

// So that half heads that are always renewed do not keep out whoever asks a little later.
TEST(ConnectionParking, ClosesWhatIsWorthLeast) {
  ConnectionContext context({}, nullptr, [](Exchange& exchange) {
    exchange.complete(text_reply(200, "text/plain", "body"));
    exchange.head() = "HTTP/1.1 200 OK\r\n\r\n";
  });
  ConnectionParking parking([](std::unique_ptr<Connection>) {});
  Pair half(context);
  Pair half_body(context);
  Pair fresh(context);
  Pair younger_half(context);
  Pair kept(context);
  parking.park(half_body.after("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n"));
  parking.park(half.after("GET /"));
  parking.park(younger_half.after("GET /"));
  parking.park(fresh.untouched());
  parking.park(kept.after("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  for (const Pair* pair : {&kept, &half, &half_body, &fresh, &younger_half}) {
    EXPECT_TRUE(pair->is_open());
    EXPECT_TRUE(parking.close_least());
    EXPECT_FALSE(pair->is_open());
  }
  EXPECT_FALSE(parking.close_least());
}

}  // namespace
}  // namespace millrace::connection_parking_test
