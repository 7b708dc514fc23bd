// What requests cost the server, in instructions, for compat-tests/test_request_growth.py: runs
// them through the one road, without sockets, on a database in memory. The input is a number of
// requests and the requests, again and again, each a line "METHOD BYTES TARGET" and a body of so
// many bytes; reading it costs little beside the requests. For each such number a line comes back,
// the JSON list of their replies {"status", "body"}, and under `valgrind --tool=callgrind` a file,
// of what they have cost together.
#include <spdlog/spdlog.h>
#include <valgrind/callgrind.h>

#include <array>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "api/json/writer.h"
#include "api/rest/dispatch.h"
#include "store/schema/additive_indexes.h"
#include "store/schema/own_tables.h"
#include "store/schema/prepare.h"

namespace {

using namespace millrace;

// Reads the reply to its end, as the connection does.
std::size_t length_of(const HttpResponse& response) {
  if (response.source == nullptr) return response.body.size();
  std::array<char, 16384> buffer;
  std::size_t length = 0;
  while (const std::size_t size = response.source->read(buffer.data(), buffer.size()))
    length += size;
  return length;
}

struct ReadRequest {
  HttpRequest http;
  std::unique_ptr<const std::string> text;
  std::unique_ptr<TextBody> body;
};

ReadRequest read_request() {
  ReadRequest request;
  std::size_t size = 0;
  std::cin >> request.http.method >> size;
  std::cin.ignore();
  std::getline(std::cin, request.http.target);
  std::string body(size, '\0');
  std::cin.read(body.data(), static_cast<std::streamsize>(size));
  request.http.headers.emplace_back("host", "localhost");
  if (size > 0) request.http.headers.emplace_back("content-type", "application/json");
  request.text = std::make_unique<const std::string>(std::move(body));
  request.body = std::make_unique<TextBody>(*request.text);
  request.http.body = request.body.get();
  return request;
}

std::string run(const Dispatch& dispatch, std::vector<ReadRequest> requests) {
  Json replies = Json::array();
  for (ReadRequest& request : requests) {
    const HttpResponse response = dispatch(request.http);
    const bool is_short =
        length_of(response) == response.body.size() && response.body.size() < 1000;
    replies.push_back({{"status", response.status}, {"body", is_short ? response.body : ""}});
  }
  return python_json_dumps(replies, false, Layout::Compact);
}

}  // namespace

// usage: request_cost FOLDER, which is where artifacts lie
int main(int, char** arguments) {
  spdlog::set_level(spdlog::level::off);
  Config config;
  config.backend_store_uri = config.registry_store_uri = "sqlite://";
  config.artifacts_destination = arguments[1];
  Db db({.uri = config.backend_store_uri});
  prepare_schema(db, DefaultExperiment{config.default_artifact_root + "0"}, config.unknown_schema);
  create_own_tables(db);
  create_additive_indexes(db);
  const SourceRules source_rules({}, "");
  const ArtifactRoots artifact_roots(config);
  Readiness readiness({});
  App app{config, db, db, source_rules, artifact_roots, readiness};
  const Dispatch dispatch(app, {});
  std::ios::sync_with_stdio(false);
  for (std::size_t count = 0; std::cin >> count;) {
    CALLGRIND_ZERO_STATS;
    std::vector<ReadRequest> requests;
    while (requests.size() < count) requests.push_back(read_request());
    const std::string replies = run(dispatch, std::move(requests));
    CALLGRIND_DUMP_STATS;
    std::cout << replies << std::endl;
  }
}
