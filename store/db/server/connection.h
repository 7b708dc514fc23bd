// One connection to a database server, by its own client library.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/common/value.h"
#include "store/db/server/failure.h"
#include "store/db/session.h"

namespace millrace {

enum class Transaction { Read, Write };

// The other end of a socket that a client library reads and writes: a handle of its own, so that
// another thread may use it whatever the library does with its one meanwhile.
class SocketEnd {
 public:
  // Of `socket`, or of none where that is negative. Throws DatabaseFailure (Unreachable).
  explicit SocketEnd(int socket = -1);
  ~SocketEnd();
  SocketEnd(SocketEnd&& other) noexcept;
  SocketEnd& operator=(SocketEnd&& other) noexcept;

  // Who waits in a system call on it comes back at once; nothing goes through it any more.
  void cut_off() const noexcept;
  // Nothing that the server says from now on is waited for.
  void stop_listening() const noexcept;
  // Whether the server has hung up. Does not wait.
  bool is_closed() const noexcept;

 private:
  int socket_;
};

// Used by one thread at a time, but for cut_off(). What sends or receives throws DatabaseFailure,
// and Error (INTERNAL_ERROR) for a wrong use.
class Connection {
 public:
  // Closes it, without waiting for the server.
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // What follows is one transaction, up to commit() or rollback(): one that reads sees one snapshot
  // and cannot write, one that writes sees what is committed.
  virtual void begin(Transaction kind) = 0;
  // Whether such a transaction begins without a journey to the server of its own.
  virtual bool begins_at_once(Transaction /*kind*/) const { return true; }

  // Runs a statement, its placeholders `:name` taking the values by their position, and hands its
  // rows, which have columns of these types, one by one to `sink`; returns the number of rows that
  // it changed. At its end the connection is ready for the next one, also when `sink` throws;
  // unless so much was left to come that the connection was given up.
  virtual long long run(std::string_view sql, const Values& values,
                        std::span<const Session::ColumnType> types,
                        const Session::RowSink& sink) = 0;
  // The same without rows, for a statement after whose Duplicate the transaction goes on.
  virtual long long run_guarded(std::string_view sql, const Values& values) {
    return run(sql, values, {}, {});
  }

  // `last`: statements without values that go along; if one fails, nothing is saved. Of a
  // transaction that reads nothing depends on the server's answer, which is read at the next use.
  virtual void commit(const std::vector<std::string>& last) = 0;
  virtual void rollback() = 0;

  // From any thread, at any time: the statement under way ends with a failure, here at once and
  // after a while on the server, and the connection is of no more use. Does not wait.
  void cut_off() noexcept;

  // Whether it can be used no more, as far as is known here.
  bool is_broken() const { return is_broken_; }
  // Whether the server has hung up meanwhile.
  bool is_closed_by_server() const noexcept { return socket_.is_closed(); }

 protected:
  Connection() = default;

  // To be called once the client library has connected.
  void own_socket(int socket) { socket_ = SocketEnd(socket); }
  // To be called before the client library closes.
  void stop_listening() const noexcept;
  // For what cannot go on: nothing is waited for any more.
  void give_up() noexcept;
  // Ends the statement under way on the server, without waiting for that.
  virtual void end_on_server() noexcept {}

  // How much of a result that nobody wants is read, in bytes, before the connection is given up.
  static constexpr std::size_t kMostUnwanted = std::size_t{1} << 20U;

 private:
  SocketEnd socket_;
  bool is_broken_ = false;
};

// A value as both servers print it: numbers in decimal, booleans as t or f. `text` is null for
// NULL.
void set_cell(Session::Cell& cell, Session::ColumnType type, const char* text, std::size_t size);

// Throws INTERNAL_ERROR if a statement gives another number of columns than are read.
void check_columns(std::size_t given, std::size_t wanted);

}  // namespace millrace
