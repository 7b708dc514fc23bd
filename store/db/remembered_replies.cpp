#include "store/db/remembered_replies.h"

#include <utility>
#include <vector>

#include "store/db/padded_list.h"

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

void sweep_replies(Db& db, const WorkOrder& order, std::int64_t before_ms, unsigned most) {
  const auto find_old = [&](Work& work) {
    std::vector<std::string> names;
    work.each<std::string>(
        "SELECT name FROM millrace_replies WHERE written_ms < :before AND part = 0 LIMIT " +
            std::to_string(most),
        {before_ms}, [&names](std::string name) { names.push_back(std::move(name)); });
    return names;
  };
  const std::vector<std::string> old = db.read(order, find_old);
  if (old.empty()) return;
  const PaddedList names = padded_list(old.size(), [&old](std::size_t i) { return old[i]; });
  db.write(order, [&names](Work& work) {
    work.execute("DELETE FROM millrace_replies WHERE name" + names.sql, names.values);
  });
}

}  // namespace millrace
