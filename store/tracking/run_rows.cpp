#include "store/tracking/run_rows.h"

#include <algorithm>
#include <limits>

#include "store/common/error.h"
#include "store/db/dialect.h"
#include "store/db/padded_list.h"
#include "store/db/rows_statement.h"

namespace millrace::runs {
namespace {

using Text = std::optional<std::string_view>;
using Integer = std::optional<std::int64_t>;

// Most runs log a few items of each kind.
template <class Item>
void append(std::vector<Item>& items, Item item) {
  constexpr std::size_t few = 8;
  if (items.empty()) items.reserve(few);
  items.push_back(std::move(item));
}

std::string text_of(Text text) { return std::string(text.value_or("")); }

std::vector<Run*> by_id(std::span<Run> runs) {
  std::vector<Run*> sorted;
  sorted.reserve(runs.size());
  for (Run& run : runs) sorted.push_back(&run);
  std::sort(sorted.begin(), sorted.end(),
            [](const Run* a, const Run* b) { return a->info.run_id < b->info.run_id; });
  return sorted;
}

// The runs of a page by their ids, and statements over all of them.
class Page {
 public:
  // The ids of the runs are there.
  Page(Work& work, search::FilledItems<Run>& runs)
      : work_(work),
        runs_(runs),
        by_id_(by_id(runs.items())),
        list_(padded_list(by_id_.size(), [&](std::size_t i) { return by_id_[i]->info.run_id; })) {}

  void add_infos();
  void add_metrics();
  void add_keys(std::string_view table, std::vector<Tag> Run::*member);
  void add_dataset_inputs();
  void add_model_outputs();

 private:
  template <class... Columns, class Use>
  void each_item(std::string_view table, std::string_view columns, Use&& use);
  Run* find(std::string_view id);

  Work& work_;
  search::FilledItems<Run>& runs_;
  const std::vector<Run*> by_id_;
  const PaddedList list_;  // sorted, which SQLite would have to do
  Run* current_ = nullptr;
};

// Calls `use(Run&, column...)`, which returns how much it adds, for the rows of a table, under the
// alias t, that belong to the runs: those of one run in the order of its tags (tag_order).
template <class... Columns, class Use>
void Page::each_item(std::string_view table, std::string_view columns, Use&& use) {
  std::string sql;
  if (work_.dialect() != Dialect::Sqlite) {
    sql.append("SELECT t.run_uuid, ").append(columns).append(" FROM ").append(table);
    sql.append(" t WHERE t.run_uuid").append(list_.sql);
    if (work_.dialect() == Dialect::Mysql) sql.append(" ORDER BY t.run_uuid, t.key");
    work_.each<std::string_view, Columns...>(sql, list_.values,
                                             [&](std::string_view id, Columns... values) {
                                               if (Run* run = find(id))
                                                 runs_.grow(*run, use(*run, std::move(values)...));
                                             });
    return;
  }
  // The join goes from each run through its entries of the index on runs, which are in the order of
  // rowid. A list would first be sorted, and the id of each row be read and looked for.
  sql.append("SELECT page.column1, ").append(columns).append(" FROM (VALUES ");
  for (std::size_t i = 0; i < list_.values.size(); ++i) {
    const std::string place = std::to_string(i);
    sql.append(i == 0 ? "(" : ", (").append(place).append(", :id").append(place).append(")");
  }
  sql.append(") page CROSS JOIN ").append(table).append(" t ON t.run_uuid = page.column2");
  work_.each<std::int64_t, Columns...>(sql, list_.values,
                                       [&](std::int64_t place, Columns... values) {
                                         Run& run = *by_id_[static_cast<std::size_t>(place)];
                                         if (runs_.holds(run))
                                           runs_.grow(run, use(run, std::move(values)...));
                                       });
}

// Rows of one run come together. None for an id in another case, which a client may have logged
// with: MySQL's conditions find such rows, and MLflow passes over them. Nor for one that is left
// out.
Run* Page::find(std::string_view id) {
  if (current_ != nullptr && current_->info.run_id == id) {
    return runs_.holds(*current_) ? current_ : nullptr;
  }
  const auto found = std::lower_bound(
      by_id_.begin(), by_id_.end(), id,
      [](const Run* run, std::string_view wanted) { return run->info.run_id < wanted; });
  if (found == by_id_.end() || (*found)->info.run_id != id) return nullptr;
  current_ = *found;
  return runs_.holds(*current_) ? current_ : nullptr;
}

void Page::add_infos() {
  each_info(work_,
            "SELECT " + std::string(kInfoColumns) + " FROM runs r WHERE r.run_uuid" + list_.sql,
            list_.values, [this](RunInfo info) {
              if (Run* run = find(info.run_id)) run->info = std::move(info);
            });
}

void Page::add_metrics() {
  each_item<std::string, double, Integer, std::int64_t, std::int64_t>(
      "latest_metrics", "t.key, t.value, t.timestamp, t.step, t.is_nan",
      [](Run& run, std::string key, double value, Integer timestamp, std::int64_t step,
         std::int64_t is_nan) {
        const std::size_t bytes = sizeof(Metric) + key.size();
        append(run.metrics,
               {.key = std::move(key),
                .value = is_nan != 0 ? std::numeric_limits<double>::quiet_NaN() : value,
                .timestamp = timestamp.value_or(0),
                .step = step});
        return bytes;
      });
}

void Page::add_keys(std::string_view table, std::vector<Tag> Run::*member) {
  each_item<std::string, Text>(
      table, "t.key, t.value", [member](Run& run, std::string key, Text value) {
        Tag tag{std::move(key), text_of(value)};
        const std::size_t bytes = sizeof tag + tag.key.size() + tag.value.size();
        append(run.*member, std::move(tag));
        return bytes;
      });
}

// _get_run_inputs: a dataset stands where its first input does, with the tags of all its inputs.
// Within a run MLflow asks for no order; a database server has one for the same question.
void Page::add_dataset_inputs() {
  std::string last_run;
  std::vector<std::string> of_last_run;  // the ids of its datasets
  // Texts of megabytes stand beside each tag: SQLite, which has this order by its indexes, need not
  // sort them.
  const std::string_view by = work_.dialect() == Dialect::Sqlite
                                  ? " ORDER BY i.destination_id, i.source_type, i.rowid"
                                  : " ORDER BY i.destination_id";
  using View = std::string_view;
  const auto kept = [](Text text) {
    return text ? std::optional<std::string>(*text) : std::nullopt;
  };
  work_.each<View, View, View, View, View, View, Text, Text, Text, Text>(
      "SELECT i.destination_id, d.dataset_uuid, d.name, d.digest, d.dataset_source_type,"
      " d.dataset_source, d.dataset_schema, d.dataset_profile, t.name, t.value FROM inputs i"
      " JOIN datasets d ON d.dataset_uuid = i.source_id"
      " LEFT JOIN input_tags t ON t.input_uuid = i.input_uuid"
      " WHERE i.destination_type = 'RUN' AND i.destination_id" +
          list_.sql + std::string(by),
      list_.values,
      [&](View run_id, View dataset_id, View name, View digest, View source_type, View source,
          Text schema, Text profile, Text key, Text value) {
        Run* run = find(run_id);
        if (run == nullptr) return;
        std::vector<DatasetInput>& inputs = run->dataset_inputs;
        if (run_id != last_run) of_last_run.clear();
        last_run = run_id;
        const auto known = std::find(of_last_run.begin(), of_last_run.end(), dataset_id);
        const auto place = static_cast<std::size_t>(known - of_last_run.begin());
        std::size_t bytes = 0;
        if (known == of_last_run.end()) {
          bytes += sizeof(DatasetInput) + source.size() + schema.value_or("").size() +
                   profile.value_or("").size();
          inputs.push_back({.tags = {},
                            .dataset = {.name = std::string(name),
                                        .digest = std::string(digest),
                                        .source_type = std::string(source_type),
                                        .source = std::string(source),
                                        .schema = kept(schema),
                                        .profile = kept(profile)}});
          of_last_run.emplace_back(dataset_id);
        }
        if (key) {
          bytes += search::add_tag(inputs[place].tags, {std::string(*key), text_of(value)});
        }
        runs_.grow(*run, bytes);
      });
}

void Page::add_model_outputs() {
  work_.each<std::string_view, std::string, std::int64_t>(
      "SELECT i.source_id, i.destination_id, i.step FROM inputs i"
      " WHERE i.source_type = 'RUN_OUTPUT' AND i.destination_type = 'MODEL_OUTPUT'"
      " AND i.source_id" +
          list_.sql + " ORDER BY i.source_id, i.destination_id",
      list_.values, [this](std::string_view run_id, std::string model_id, std::int64_t step) {
        Run* run = find(run_id);
        if (run == nullptr) return;
        run->model_outputs.push_back({std::move(model_id), step});
        runs_.grow(*run, sizeof(ModelOutput));
      });
}

void add_model_inputs(Work& work, Run& run) {
  work.each<std::string>(
      "SELECT destination_id FROM inputs WHERE source_type = 'RUN_INPUT'"
      " AND source_id = :run_id AND destination_type = 'MODEL_INPUT' ORDER BY destination_id",
      {run.info.run_id},
      [&run](std::string model_id) { run.model_inputs.push_back(std::move(model_id)); });
}

void name_by_tag(Run& run) {
  if (!run.info.run_name.empty()) return;
  const auto tag = std::find_if(run.tags.begin(), run.tags.end(),
                                [](const Tag& one) { return one.key == kNameTag; });
  if (tag != run.tags.end()) run.info.run_name = tag->value;
}

// The values of key, run_uuid and value.
Values tag_rows(const std::string& run_id, const std::vector<Tag>& tags) {
  Values values;
  values.reserve(tags.size() * 3);
  for (const Tag& tag : tags) values.insert(values.end(), {tag.key, run_id, tag.value});
  return values;
}

}  // namespace

void throw_no_run(const std::string& run_id) {
  throw Error(ErrorCode::ResourceDoesNotExist, "Run with id=" + run_id + " not found");
}

RunInfo require_run(Work& work, const std::string& run_id) {
  std::optional<RunInfo> found;
  each_info(work, "SELECT " + std::string(kInfoColumns) + " FROM runs r WHERE r.run_uuid = :run_id",
            {run_id}, [&found](RunInfo info) { found = std::move(info); });
  if (!found) throw_no_run(run_id);
  return *std::move(found);
}

RunInfo require_active_run(Work& work, const std::string& run_id) {
  RunInfo info = require_run(work, run_id);
  if (info.lifecycle_stage != kActive) {
    throw_invalid_parameter("The run " + info.run_id +
                            " must be in the 'active' state. Current state is " +
                            info.lifecycle_stage + ".");
  }
  return info;
}

void write_name(Work& work, const std::string& run_id, const std::string& name) {
  if (name.empty()) return;
  work.execute("UPDATE runs SET name = :name WHERE run_uuid = :run_id", {name, run_id});
  write_tags(work, run_id, {{kNameTag, name}});
}

void write_tags(Work& work, const std::string& run_id, const std::vector<Tag>& tags) {
  static const RowsStatement upsert_tags(3, [](Dialect dialect, std::size_t rows) {
    return upsert(dialect, "tags", {"key", "run_uuid"}, {"value"}, rows);
  });
  upsert_tags.execute(work, tag_rows(run_id, tags));
}

void write_spelled_tags(Work& work, const std::string& run_id, const std::vector<Tag>& tags) {
  static const RowsStatement upsert_tags(3, [](Dialect dialect, std::size_t rows) {
    return upsert_spelled(dialect, "tags", "key", {"run_uuid"}, {"value"}, rows);
  });
  write_keys(
      work, [&] { upsert_tags.execute(work, tag_rows(run_id, tags)); },
      [&] { return written_tags(run_id, tags); });
}

WrittenKeys written_tags(const std::string& run_id, std::span<const Tag> tags) {
  return {"tags", "key", "run_uuid = :run_id", {run_id}, keys_of(tags)};
}

Run load_run(Work& work, const std::string& run_id) {
  Run run;
  run.info = require_run(work, run_id);
  search::FilledItems<Run> alone(std::span(&run, 1), 0, drop_contents);
  add_contents(work, alone);
  add_model_inputs(work, run);
  return run;
}

void add_contents(Work& work, search::FilledItems<Run>& runs) {
  Page page(work, runs);
  page.add_metrics();
  page.add_keys("params", &Run::params);
  page.add_keys("tags", &Run::tags);
  page.add_dataset_inputs();
  page.add_model_outputs();
  for (Run& run : runs.items()) name_by_tag(run);
}

void drop_contents(Run& run) {
  Run emptied;
  emptied.info = std::move(run.info);
  run = std::move(emptied);
}

std::vector<Run> load_infos(Work& work, std::span<const std::string> ids) {
  std::vector<Run> runs(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) runs[i].info.run_id = ids[i];
  if (runs.empty()) return runs;
  search::FilledItems<Run> all(runs, 0, drop_contents);
  Page(work, all).add_infos();
  return runs;
}

}  // namespace millrace::runs
