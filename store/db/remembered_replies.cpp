#include "store/db/remembered_replies.h"

#include <utility>
#include <vector>

namespace millrace {
namespace {

// Characters of a part: what MySQL's TEXT holds, with room.
constexpr std::size_t kPart = 60'000;

void add_part(Work& work, const std::string& name, std::int64_t part, const RememberedReply& reply,
              const std::string& body) {
  work.execute(
      "INSERT INTO millrace_replies (name, part, request, status, content_type, body, written_ms)"
      " VALUES (:name, :part, :request, :status, :content_type, :body, :now)",
      {name, part, reply.request, std::int64_t{reply.status}, reply.content_type, body,
       work.now()});
}

}  // namespace

std::optional<RememberedReply> remembered_reply(Work& work, const std::string& name) {
  std::optional<RememberedReply> found;
  work.each<std::string, std::int64_t, std::string, std::string>(
      "SELECT request, status, content_type, body FROM millrace_replies WHERE name = :name"
      " ORDER BY part",
      {name},
      [&found](std::string request, std::int64_t status, std::string content_type,
               const std::string& body) {
        if (!found)
          found = RememberedReply{std::move(request), static_cast<int>(status),
                                  std::move(content_type), ""};
        found->body += body;
      });
  return found;
}

void begin_reply(Work& work, const std::string& name, const std::string& request) {
  add_part(work, name, 0, {.request = request}, "");
}

void remember_reply(Work& work, const std::string& name, const RememberedReply& reply) {
  work.execute(
      "UPDATE millrace_replies SET status = :status, content_type = :content_type, body = :body"
      " WHERE name = :name AND part = 0",
      {std::int64_t{reply.status}, reply.content_type, reply.body.substr(0, kPart), name});
  std::int64_t part = 0;
  for (std::size_t at = kPart; at < reply.body.size(); at += kPart)
    add_part(work, name, ++part, reply, reply.body.substr(at, kPart));
}

void sweep_replies(Db& db, std::int64_t before_ms) {
  constexpr std::int64_t kAtOnce = 200;
  std::vector<std::string> old;
  do {
    old.clear();
    db.read(WorkOrder{.load = Load::Large}, [&old, before_ms](Work& work) {
      old.clear();
      work.each<std::string>(
          "SELECT name FROM millrace_replies WHERE part = 0 AND written_ms < :before LIMIT " +
              std::to_string(kAtOnce),
          {before_ms}, [&old](std::string name) { old.push_back(std::move(name)); });
    });
    db.write([&old](Work& work) {
      for (const std::string& name : old)
        work.execute("DELETE FROM millrace_replies WHERE name = :name", {name});
    });
  } while (old.size() == kAtOnce);
}

}  // namespace millrace
