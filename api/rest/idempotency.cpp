#include "api/rest/idempotency.h"

#include <spdlog/spdlog.h>

#include <array>
#include <atomic>

#include "api/rest/page_token.h"
#include "store/db/remembered_replies.h"
#include "store/text/sha256.h"

namespace millrace {
namespace {

constexpr std::size_t kLongestKey = 255;
constexpr std::int64_t kKeptMs = std::int64_t{24} * 60 * 60 * 1000;
constexpr unsigned kSweepRequests = 50;
// Bytes of a body from which on it is likely to write many rows.
constexpr std::size_t kLargeBody = std::size_t{16} << 10U;

// Puts another body into a request for as long as this lives.
class WithBody {
 public:
  WithBody(HttpRequest& http, RequestBody& body) : http_(http), own_(http.body) {
    http.body = &body;
  }
  ~WithBody() { http_.body = own_; }
  WithBody(const WithBody&) = delete;
  WithBody& operator=(const WithBody&) = delete;

 private:
  HttpRequest& http_;
  RequestBody* const own_;
};

// Of the texts, each with its length before it.
std::string digest(std::initializer_list<std::string_view> texts) {
  Sha256 sum;
  for (const std::string_view text : texts) {
    sum.add(std::to_string(text.size()) + ":");
    sum.add(text);
  }
  return sum.digits();
}

// Deletes more than have come since the last time. The request does not depend on it.
void sweep_now_and_then(Db& db, const Request& request) {
  static std::atomic<unsigned> requests = 0;
  if (requests++ % kSweepRequests != 0) return;
  try {
    sweep_replies(db, request.order(), now_ms() - kKeptMs, 4 * kSweepRequests);
  } catch (const Error& error) {
    spdlog::warn("Old replies could not be deleted: {}", error.what());
  }
}

// Not all databases store all characters.
std::string to_ascii(std::string_view body) { return base64_encode(body); }

HttpResponse replayed(const RememberedReply& reply) {
  HttpResponse response =
      text_reply(reply.status, reply.content_type, base64_decode(reply.body).value_or(""));
  response.headers.emplace_back("idempotency-replayed", "true");
  return response;
}

RememberedReply to_remember(const HttpResponse& response) {
  const std::string* type = find_header(response.headers, "content-type");
  return {.status = response.status,
          .content_type = type == nullptr ? "" : *type,
          .body = to_ascii(response.body)};
}

// A reply that was too long for memory has to be kept all the same.
void read_source(HttpResponse& response) {
  if (!response.source) return;
  std::array<char, 16384> buffer;
  while (const std::size_t size = response.source->read(buffer.data(), buffer.size()))
    response.body.append(buffer.data(), size);
  response.source.reset();
}

const std::string& key_of(const HttpRequest& http) {
  const std::string& key = *http.header(kIdempotencyKey);
  if (key.empty() || key.size() > kLongestKey)
    throw Error(ErrorCode::InvalidParameterValue,
                "The header Idempotency-Key must have 1 to 255 characters, but has " +
                    std::to_string(key.size()) + ".");
  return key;
}

// A version whose logged model lies in another database is two transactions.
void refuse_two_databases(const App& app, const Route& row) {
  if (&app.registry == &app.tracking || row.path != "/mlflow/model-versions/create") return;
  throw Error(ErrorCode::InvalidParameterValue,
              "The header Idempotency-Key is not taken for new model versions where the registry "
              "has a database of its own.");
}

Db& database_of(App& app, const Route& row) {
  const bool is_registry = row.path.starts_with("/mlflow/registered-models/") ||
                           row.path.starts_with("/mlflow/model-versions/");
  return is_registry ? app.registry : app.tracking;
}

}  // namespace

bool is_named_write(const Route& row, const HttpRequest& http) {
  const bool writes =
      row.access == Access::Create || row.access == Access::Update || row.access == Access::Delete;
  return writes && !is_artifact_proxy(row) && row.body != Body::StreamBody &&
         http.header(kIdempotencyKey) != nullptr;
}

HttpResponse answer_once(App& app, const Route& row, const Request& request) {
  refuse_two_databases(app, row);
  const std::string name = digest({request.caller.actor, key_of(request.http)});
  const std::string text = request.read_body();
  const std::string asked_for = digest({request.http.method, request.http.target, text});
  Db& db = database_of(app, row);
  sweep_now_and_then(db, request);
  return db.write_together(
      request.order(text.size() > kLargeBody ? Load::Large : Load::Small), [&](Work& work) {
        if (const auto reply = remembered_reply(work, name)) {
          if (reply->request == asked_for) return replayed(*reply);
          throw Error(ErrorCode::InvalidParameterValue,
                      "The header Idempotency-Key has the key of another request: expected a new "
                      "one for each request that is not a repetition.");
        }
        begin_reply(work, name, asked_for);
        TextBody body(text);
        const WithBody replaced(request.http, body);
        HttpResponse response = row.handler(app, request);
        read_source(response);
        remember_reply(work, name, to_remember(response));
        return response;
      });
}

}  // namespace millrace
