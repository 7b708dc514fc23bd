#include "store/db/mysql/failure.h"

#include <errmsg.h>
#include <mysqld_error.h>

namespace millrace {
namespace {

// MariaDB's and MySQL's codes that the client library's headers do not name.
constexpr unsigned kSnapshotConflict = 1020;       // ER_CHECKREAD, under innodb_snapshot_isolation
constexpr unsigned kNodeNotReady = 1047;           // ER_UNKNOWN_COM_ERROR: Galera, out of its group
constexpr unsigned kCutShort = 1969;               // MariaDB's ER_STATEMENT_TIMEOUT
constexpr unsigned kCutShortMysql = 3024;          // MySQL's ER_QUERY_TIMEOUT
constexpr unsigned kCheckViolatedMysql = 3819;     // MySQL's ER_CHECK_CONSTRAINT_VIOLATED
constexpr unsigned kTextNotConverted = 3854;       // MySQL's ER_CANNOT_CONVERT_STRING
constexpr unsigned kParameterNotConverted = 3988;  // MySQL's ER_IMPOSSIBLE_STRING_CONVERSION
constexpr unsigned kCheckViolated = 4025;          // MariaDB's ER_CONSTRAINT_FAILED
constexpr unsigned kIdleTimeout = 4031;            // MySQL's ER_CLIENT_INTERACTION_TIMEOUT

// What the table, its keys or the server's limits refuse, as a sentence.
const char* refusal_of(unsigned code) {
  switch (code) {
    case ER_BAD_NULL_ERROR:
      return "a required value is missing.";
    case ER_FOREIGN_DUPLICATE_KEY_WITH_CHILD_INFO:
    case ER_FOREIGN_DUPLICATE_KEY_WITHOUT_CHILD_INFO:
      return "rows that refer to it would get a key that is there already.";
    case ER_DATA_TOO_LONG:
    case ER_NET_PACKET_TOO_LARGE:
    case ER_TOO_BIG_ROWSIZE:
    case CR_NET_PACKET_TOO_LARGE:
      return "a value is too long.";
    case ER_WARN_DATA_OUT_OF_RANGE:
    case ER_DATA_OUT_OF_RANGE:
      return "a number is out of range.";
    case ER_TRUNCATED_WRONG_VALUE_FOR_FIELD:
    case ER_TRUNCATED_WRONG_VALUE:
      return "a value has the wrong type, or a character that the database's charset lacks.";
    case kCheckViolated:
    case kCheckViolatedMysql:
      return "a value breaks a rule of its table.";
    default:
      return nullptr;
  }
}

Failure::Kind kind_of(unsigned code, bool on_cluster) {
  switch (code) {
    case ER_DUP_ENTRY:
    case ER_DUP_ENTRY_WITH_KEY_NAME:
      return Failure::Duplicate;
    case ER_NO_REFERENCED_ROW:
    case ER_NO_REFERENCED_ROW_2:
    case ER_ROW_IS_REFERENCED:
    case ER_ROW_IS_REFERENCED_2:
      return Failure::Referenced;
    case ER_CANT_AGGREGATE_2COLLATIONS:
    case ER_CANT_AGGREGATE_3COLLATIONS:
    case ER_CANT_AGGREGATE_NCOLLATIONS:
    case ER_INVALID_CHARACTER_STRING:
    case ER_CANNOT_CONVERT_CHARACTER:
    case kTextNotConverted:
    case kParameterNotConverted:
      return Failure::Unstorable;
    case ER_LOCK_DEADLOCK:  // Galera's failed certification too
    case ER_LOCK_WAIT_TIMEOUT:
    case kSnapshotConflict:
      return Failure::Conflict;
    case ER_QUERY_INTERRUPTED:  // by KILL QUERY; Galera pushes a transaction aside so, too
      return on_cluster ? Failure::Conflict : Failure::Killed;
    case kCutShort:
    case kCutShortMysql:
      return Failure::Late;
    // Of a connection that was there, with TLS and without.
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SERVER_LOST_EXTENDED:
    case CR_SSL_CONNECTION_ERROR:
    case CR_MALFORMED_PACKET:
    case CR_COMMANDS_OUT_OF_SYNC:  // in what is left of a lost one
    case CR_ERR_NET_READ:
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case ER_NET_READ_ERROR:
    case ER_SERVER_SHUTDOWN:
    case ER_CONNECTION_KILLED:
    case kNodeNotReady:
    case kIdleTimeout:
      return Failure::Lost;
    case ER_OPTION_PREVENTS_STATEMENT:  // the only option that does so here is read_only
    case ER_READ_ONLY_MODE:
    case ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION:
      return Failure::ReadOnly;
    case ER_DBACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
      return Failure::Denied;
    case ER_DISK_FULL:
    case ER_RECORD_FILE_FULL:
      return Failure::Full;
    case ER_OUT_OF_RESOURCES:
    case ER_OUTOFMEMORY:
      return Failure::Exhausted;
    default:
      return Failure::Other;
  }
}

}  // namespace

Failure mysql_failure(unsigned code, bool on_cluster) {
  if (const char* refusal = refusal_of(code)) return {Failure::Refused, refusal};
  return {kind_of(code, on_cluster), std::to_string(code)};
}

}  // namespace millrace
