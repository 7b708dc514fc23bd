// The replies of the reading operations: one entity, or one list that may grow large.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http/exchange.h"
#include "api/http/spill.h"
#include "api/json/writer.h"
#include "api/rest/reply.h"

namespace millrace {

// {"key": entity}
template <class Entity>
HttpResponse entity_reply(std::string_view key, const Entity& entity) {
  Spill spill;
  JsonWriter writer(spill.text(), Layout::Pretty);
  writer.begin_object();
  writer.key(key);
  write_json(writer, entity);
  writer.end_object();
  spill.roll();
  return spill.reply("application/json");
}

// {"name": [...], "next_page_token": ...}, written item by item: memory does not grow with the
// list. A list without items is left out.
class ListReply {
 public:
  // `name` must outlive the reply.
  explicit ListReply(std::string_view name) : name_(name), writer_(spill_.text(), Layout::Pretty) {
    writer_.begin_object();
  }

  template <class Item>
  void add(const Item& item) {
    if (!any_) writer_.key(name_).begin_array();
    any_ = true;
    write_json(writer_, item);
    spill_.roll();
  }

  // Call once, at the end.
  HttpResponse finish(const std::optional<std::string>& next_page_token = std::nullopt) {
    if (any_) writer_.end_array();
    if (next_page_token) writer_.key("next_page_token").string(*next_page_token);
    writer_.end_object();
    return spill_.reply("application/json");
  }

 private:
  Spill spill_;
  std::string_view name_;
  JsonWriter writer_;
  bool any_ = false;
};

}  // namespace millrace
