// What became of a statement, or an attempt to connect, that failed.
#pragma once

#include <exception>
#include <string>

namespace millrace {

struct Failure {
  enum Kind {
    Duplicate,    // a row with the same key is there
    Referenced,   // a foreign key is not kept
    Refused,      // by a rule of the table or a limit of the server; `reason` says which
    Unstorable,   // a text has a character that the database's charset lacks
    Conflict,     // with another transaction: run again, it may succeed
    Unreachable,  // no connection was to be had
    Lost,         // the connection, or the server behind it, cannot be used any more
    ReadOnly,     // nothing can be written there
    Denied,       // the user of the connection lacks a right
    Late,         // the server's own time for a statement is over
    Killed,       // an administrator ended the statement
    Full,         // no room on the server's disk
    Exhausted,    // no memory on the server at the moment
    Other
  };
  Kind kind = Other;
  std::string reason{};  // for the client, a sentence; for the log where `Other`: the server's code
};

// What a connection throws. `words` are those of the server or its client library: they may hold
// values and names of hosts, so they are for the log alone.
class DatabaseFailure : public std::exception {
 public:
  DatabaseFailure(Failure failure, std::string words);
  ~DatabaseFailure() override;  // defined in the program, where the drivers' modules find the type

  const Failure& failure() const { return failure_; }
  const char* what() const noexcept override { return words_.c_str(); }

 private:
  Failure failure_;
  std::string words_;
};

}  // namespace millrace
