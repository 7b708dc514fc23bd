// What the database layer costs: one-row reads, long results, and durable writes from many threads.
// Usage: db_bench FOLDER (on the disk that is to be measured)
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "store/db.h"

namespace {

using millrace::Db;
using millrace::Session;

double seconds_for(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Processor time, which other programs on the machine disturb less.
double cpu_seconds_for(const std::function<void()>& work) {
  const std::clock_t start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

constexpr int kRows = 200'000;

void fill(Db& db) {
  db.write([](Session& session) {
    session.execute(
        "CREATE TABLE model (name VARCHAR(256) PRIMARY KEY, created BIGINT, description TEXT)");
    for (int i = 0; i < kRows; ++i) {
      session.execute("INSERT INTO model VALUES (:name, :created, :description)",
                      {"model-" + std::to_string(i), std::int64_t{i}, "a description of it"});
    }
  });
}

void read_one(Db& db, int key) {
  const std::string name = "model-" + std::to_string(key);
  const auto row = db.read([&name](Session& session) {
    return session.first<std::string, std::int64_t, std::optional<std::string>>(
        "SELECT name, created, description FROM model WHERE name = :name", {name});
  });
  if (!row) std::abort();
}

void bench_reads(Db& db, int spread, const char* what) {
  constexpr int kCount = 200'000;
  const double seconds = cpu_seconds_for([&] {
    for (int i = 0; i < kCount; ++i) read_one(db, static_cast<int>((i * 7919L) % spread));
  });
  std::printf("one-row read, %s: %.2f us\n", what, seconds / kCount * 1e6);
}

void bench_statement(Db& db) {
  constexpr int kCount = 200'000;
  const double seconds = cpu_seconds_for([&] {
    db.read([](Session& session) {
      for (int i = 0; i < kCount; ++i) {
        session.first<std::string, std::int64_t, std::optional<std::string>>(
            "SELECT name, created, description FROM model WHERE name = :name",
            {std::string("model-77")});
      }
    });
  });
  std::printf("one-row statement inside a read: %.2f us\n", seconds / kCount * 1e6);
}

void bench_stream(Db& db) {
  std::size_t bytes = 0;
  const double seconds = cpu_seconds_for([&] {
    db.read([&bytes](Session& session) {
      session.each<std::string, std::int64_t>(
          "SELECT name, created FROM model", {},
          [&bytes](const std::string& name, std::int64_t) { bytes += name.size(); });
    });
  });
  std::printf("streamed row: %.3f us\n", seconds / kRows * 1e6);
}

void bench_writes(Db& db, int threads) {
  const int each = 4000 / threads + 50;
  std::vector<std::thread> pool;
  const double seconds = seconds_for([&] {
    for (int t = 0; t < threads; ++t) {
      pool.emplace_back([&db, t, threads, each] {
        for (int i = 0; i < each; ++i) {
          db.write([&](Session& session) {
            session.execute(
                "INSERT INTO model VALUES (:name, 1, 'x')",
                {std::to_string(threads) + "/" + std::to_string(t) + "/" + std::to_string(i)});
          });
        }
      });
    }
    for (std::thread& thread : pool) thread.join();
  });
  std::printf("durable writes, %d threads: %.0f/s\n", threads, threads * each / seconds);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::puts("usage: db_bench FOLDER"), 2;
  const std::string file = std::string(argv[1]) + "/db_bench.sqlite";
  {
    Db db({"sqlite:///" + file});
    fill(db);
    bench_statement(db);
    bench_reads(db, 100, "100 hot rows");
    bench_reads(db, kRows, "spread over 200,000 rows");
    bench_stream(db);
    for (int threads : {1, 4, 16, 64}) bench_writes(db, threads);
  }
  std::filesystem::remove(file);
}
