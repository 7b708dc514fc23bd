// That the usual searches read what they return and not whole tables: by the plans
// of all statements that SQLite runs for them, and by its own count of steps.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/registry/model_versions.h"
#include "store/registry/registered_models.h"
#include "store/schema/additive_indexes.h"
#include "store/schema/own_tables.h"
#include "store/schema/prepare.h"
#include "store/suites/database_files.h"
#include "store/tracking/runs.h"

namespace millrace::search_plans_test {
namespace {

using sqlite_api::sqlite3;
using sqlite_api::sqlite3_stmt;

// What ran since it was cleared, on all connections.
struct Record {
  std::vector<std::string> statements;
  std::int64_t steps = 0;
} record;

int note_statement(unsigned, void*, void* what, void*) {
  auto* statement = static_cast<sqlite3_stmt*>(what);
  record.statements.emplace_back(sqlite_api::sqlite3_sql(statement));
  record.steps += sqlite_api::sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
  return 0;
}

int watch(sqlite3* connection, char**, const sqlite_api::sqlite3_api_routines*) {
  return sqlite_api::sqlite3_trace_v2(connection, SQLITE_TRACE_PROFILE, note_statement, nullptr);
}

// Watches the connections that are opened while it lives.
class Watch {
 public:
  Watch() { sqlite_api::sqlite3_auto_extension(reinterpret_cast<void (*)()>(watch)); }
  ~Watch() { sqlite_api::sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(watch)); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
};

struct Step {
  int parent;
  std::string detail;  // "SCAN v", "SEARCH v USING INDEX ...", "CO-ROUTINE v"
};

class Planner {
 public:
  explicit Planner(const std::string& path) {
    if (sqlite_api::sqlite3_open(path.c_str(), &connection_) != SQLITE_OK) ADD_FAILURE() << path;
  }
  ~Planner() { sqlite_api::sqlite3_close(connection_); }
  Planner(const Planner&) = delete;
  Planner& operator=(const Planner&) = delete;

  std::vector<Step> plan(const std::string& sql) {
    std::vector<Step> steps;
    const auto keep = [](void* out, int, char** texts, char**) {
      static_cast<std::vector<Step>*>(out)->push_back({std::stoi(texts[1]), texts[3]});
      return 0;
    };
    EXPECT_EQ(sqlite_api::sqlite3_exec(connection_, ("EXPLAIN QUERY PLAN " + sql).c_str(), keep,
                                       &steps, nullptr),
              SQLITE_OK)
        << sql;
    return steps;
  }

 private:
  sqlite3* connection_ = nullptr;
};

// The first step that reads a whole table; not those over the rows of a subquery.
std::optional<std::string> full_scan(const std::vector<Step>& plan) {
  for (const Step& step : plan) {
    if (step.detail.rfind("SCAN ", 0) != 0) continue;
    if (step.detail.find(" CONSTANT ROW") != std::string::npos) continue;
    const std::string name = step.detail.substr(5, step.detail.find(' ', 5) - 5);
    const bool subquery = std::any_of(plan.begin(), plan.end(), [&](const Step& other) {
      return other.parent == step.parent &&
             (other.detail == "CO-ROUTINE " + name || other.detail == "MATERIALIZE " + name);
    });
    if (!subquery) return step.detail;
  }
  return std::nullopt;
}

struct UsualSearch {
  std::string filter;
  bool versions;
};

const std::vector<UsualSearch> kUsualSearches{
    {"", false},
    {"name = 'm00010'", false},
    {"name LIKE 'm0001%'", false},
    {"tags.team = '2'", false},
    {"tags.`mlflow.prompt.is_prompt` = 'true'", false},
    {"", true},
    {"name='m00010'", true},
    {"name='m00010' and tags.validation_status='passed'", true},
};

struct UsualRunSearch {
  std::string filter;
  std::vector<std::string> order_by;
  bool sorts;  // all runs of the experiment, or looks at all of them
};

const std::vector<UsualRunSearch> kUsualRunSearches{
    {"", {}, false},
    {"metrics.loss < 0.5", {}, false},
    {"params.lr = '1' AND tags.team = 'x'", {}, false},
    {"status = 'FINISHED'", {}, false},
    {"run_name LIKE 'run%'", {}, false},
    {"run_id = 'r00002'", {}, false},
    {"run_id IN ('r00002', 'r00004')", {}, false},
    {"datasets.name = 'train'", {}, true},
    {"datasets.context = 'eval'", {}, true},
    {"params.none IS NULL", {}, false},
    {"", {"start_time ASC"}, true},
    {"", {"metrics.loss DESC"}, true},
    {"", {"params.lr", "tags.team"}, true},
    {"metrics.loss > 0", {"metrics.loss"}, true},
};

class SearchPlanTest : public DbTest {
 protected:
  SearchPlanTest() {
    Db db(options());
    prepare_schema(db, DefaultExperiment{"mlflow-artifacts:/0"});
    create_own_tables(db);
    create_additive_indexes(db);
  }

  // Adds models up to a number of them, each of 4 versions; the first ten are prompts, and ten
  // more have each team's tag.
  void fill(int models) {
    ForeignConnection other(path());
    other.run("BEGIN");
    other.run(
        "CREATE TEMP TABLE new AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
        " WHERE i + 1 < " +
        std::to_string(models) +
        ") SELECT i, printf('m%05d', i) AS name FROM n"
        " WHERE name NOT IN (SELECT name FROM registered_models)");
    other.run(
        "INSERT INTO registered_models (name, creation_time, last_updated_time)"
        " SELECT name, i, i * 7919 % 1009 FROM new");
    other.run(
        "INSERT INTO registered_model_tags (name, key, value)"
        " SELECT name, 'mlflow.prompt.is_prompt', 'true' FROM new WHERE i < 10 UNION ALL"
        " SELECT name, 'team', i / 10 FROM new");
    other.run(
        "INSERT INTO model_versions (name, version, creation_time, last_updated_time,"
        " current_stage, source, status) SELECT name, v.column1, i, i * 7919 % 1009,"
        " CASE v.column1 WHEN 4 THEN 'None' ELSE 'Archived' END, 's', 'READY'"
        " FROM new, (VALUES (1), (2), (3), (4)) v");
    other.run(
        "INSERT INTO model_version_tags (name, version, key, value)"
        " SELECT name, version, 'validation_status', 'passed' FROM model_versions"
        " WHERE name IN (SELECT name FROM new)");
    other.run("COMMIT");
  }

  // Adds runs up to a number of them, half of them in experiment 0.
  void fill_runs(int runs) {
    ForeignConnection other(path());
    other.run("BEGIN");
    other.run(
        "INSERT OR IGNORE INTO experiments (experiment_id, name, lifecycle_stage)"
        " VALUES (1, 'other', 'active')");
    other.run(
        "CREATE TEMP TABLE new AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
        " WHERE i + 1 < " +
        std::to_string(runs) +
        ") SELECT i, printf('r%05d', i) AS id FROM n WHERE id NOT IN (SELECT run_uuid FROM runs)");
    other.run(
        "INSERT INTO runs (run_uuid, experiment_id, name, user_id, status, start_time,"
        " artifact_uri, lifecycle_stage)"
        " SELECT id, i % 2, 'run', 'u', 'FINISHED', i * 7919 % 10007, 'a', 'active' FROM new");
    other.run(
        "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid)"
        " SELECT 'loss', (i % 10) / 20.0, 1, 1, 0, id FROM new");
    other.run("INSERT INTO params (key, value, run_uuid) SELECT 'lr', '1', id FROM new");
    other.run(
        "INSERT INTO tags (key, value, run_uuid) SELECT 'team', 'x', id FROM new"
        " UNION ALL SELECT 'mlflow.runName', 'run', id FROM new");
    other.run(
        "INSERT OR IGNORE INTO datasets (dataset_uuid, experiment_id, name, digest,"
        " dataset_source_type, dataset_source) VALUES ('d', 0, 'train', 'x', 'local', '{}')");
    other.run(
        "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)"
        " SELECT id, 'DATASET', 'd', 'RUN', id FROM new WHERE i < 10");
    other.run(
        "INSERT INTO input_tags (input_uuid, name, value)"
        " SELECT id, 'mlflow.data.context', 'eval' FROM new WHERE i < 10");
    other.run("COMMIT");
  }

  std::size_t run(const UsualRunSearch& usual) {
    constexpr std::int64_t kRows = 5;
    const Watch watch;
    Db db(options());
    const auto search = search::parse_run_search(usual.filter, usual.order_by);
    std::size_t rows = 0;
    record = {};
    db.read(WorkOrder(), tracking::search_runs, search, search::RunScope{{0}, {kActive}}, kRows, 0,
            [&rows](const millrace::Run&) { ++rows; });
    return rows;
  }

  // Runs one page of 20 and leaves it in `record`; returns the number of its rows.
  std::size_t run(const UsualSearch& usual) {
    constexpr std::int64_t kRows = 20;
    const Watch watch;
    Db db(options());
    if (usual.versions) {
      const auto search = search::parse_model_version_search(usual.filter, {});
      std::size_t rows = 0;
      record = {};
      db.read(WorkOrder(), registry::search_model_versions, search, kRows, 0,
              [&rows](const ModelVersion&) { ++rows; });
      return rows;
    }
    const auto search = search::parse_registered_model_search(usual.filter, {});
    record = {};
    std::size_t rows = 0;
    db.read(WorkOrder(), registry::search_registered_models, search, kRows, 0,
            [&rows](const RegisteredModel&) { ++rows; });
    return rows;
  }
};

// Of the recorded statements; returns how many of them read.
int expect_no_scan(Planner& planner) {
  int selects = 0;
  for (const std::string& sql : record.statements) {
    if (sql.rfind("SELECT", 0) != 0) continue;
    ++selects;
    EXPECT_EQ(full_scan(planner.plan(sql)), std::nullopt) << sql;
  }
  return selects;
}

TEST_F(SearchPlanTest, NoUsualSearchScansATable) {
  fill(40);
  Planner planner(path());
  for (const UsualSearch& usual : kUsualSearches) {
    EXPECT_GT(run(usual), 0U) << usual.filter;
    const int selects = expect_no_scan(planner);
    EXPECT_EQ(selects, usual.versions ? 1 : 4) << usual.filter;
  }
}

TEST_F(SearchPlanTest, NoUsualSearchOfRunsScansATable) {
  fill_runs(40);
  Planner planner(path());
  for (const UsualRunSearch& usual : kUsualRunSearches) {
    EXPECT_GT(run(usual), 0U) << usual.filter;
    const int selects = expect_no_scan(planner);
    // The page, and its rows a second time when they were sorted; metrics, params, tags, inputs,
    // outputs.
    EXPECT_EQ(selects, usual.order_by.empty() ? 6 : 7) << usual.filter;
  }
}

TEST_F(SearchPlanTest, StepsDoNotGrowWithTheExperiment) {
  std::map<const UsualRunSearch*, std::pair<std::size_t, std::int64_t>> small;
  fill_runs(40);
  for (const UsualRunSearch& usual : kUsualRunSearches) {
    const std::size_t rows = run(usual);
    small[&usual] = {rows, record.steps};
  }
  fill_runs(1000);
  for (const UsualRunSearch& usual : kUsualRunSearches) {
    const auto& [rows, steps] = small.at(&usual);
    EXPECT_EQ(run(usual), rows) << usual.filter;
    if (usual.sorts) continue;
    EXPECT_LT(record.steps, 2 * steps) << usual.filter;
  }
}

TEST_F(SearchPlanTest, AScanIsSeen) {
  Planner planner(path());
  EXPECT_EQ(full_scan(planner.plan("SELECT * FROM model_versions v WHERE v.source = 's'")),
            "SCAN v");
  EXPECT_EQ(full_scan(planner.plan("SELECT * FROM (SELECT * FROM model_versions v WHERE"
                                   " v.source = 's' LIMIT 5) v")),
            "SCAN v");
}

// Two registries apart by a factor of 25: a search that read all of one, be it through an index,
// would take many times the steps.
TEST_F(SearchPlanTest, StepsDoNotGrowWithTheRegistry) {
  std::map<const UsualSearch*, std::pair<std::size_t, std::int64_t>> small;
  fill(40);
  for (const UsualSearch& usual : kUsualSearches) {
    const std::size_t rows = run(usual);
    small[&usual] = {rows, record.steps};
    EXPECT_GT(record.steps, 0) << usual.filter;
  }
  fill(1000);
  for (const UsualSearch& usual : kUsualSearches) {
    const auto& [rows, steps] = small.at(&usual);
    EXPECT_EQ(run(usual), rows) << usual.filter;
    EXPECT_LT(record.steps, 2 * steps) << usual.filter;
  }
}

TEST_F(SearchPlanTest, StepsOfAModelDoNotGrowWithItsVersions) {
  fill(40);
  const auto steps = [this] {
    const Watch watch;
    Db db(options());
    record = {};
    EXPECT_EQ(db.read(WorkOrder(), registry::get_registered_model, "m00001").latest_versions.size(),
              2);
    EXPECT_EQ(
        db.read(WorkOrder(), registry::get_latest_versions, "m00001", std::vector<std::string>())
            .size(),
        2);
    return record.steps;
  };
  const std::int64_t few = steps();
  EXPECT_GT(few, 0);
  ForeignConnection(path()).run(
      "INSERT INTO model_versions (name, version, current_stage, source, status)"
      " WITH RECURSIVE n(i) AS (SELECT 5 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
      " SELECT 'm00001', i, CASE i % 2 WHEN 0 THEN 'None' ELSE 'Archived' END, 's', 'READY' FROM "
      "n");
  EXPECT_LT(steps(), 2 * few);
}

}  // namespace
}  // namespace millrace::search_plans_test
