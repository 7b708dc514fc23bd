#include "api/graphql/schema.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "api/graphql/lexer.h"

namespace millrace::graphql {
namespace {

// Names and types are MLflow's (server/graphql); a field's position means nothing.
constexpr std::string_view kSchema = R"(
scalar String scalar Int scalar Float scalar Boolean scalar LongString

type Query {
  mlflowGetExperiment(input: MlflowGetExperimentInput): MlflowGetExperimentResponse
  mlflowGetMetricHistoryBulkInterval(input: MlflowGetMetricHistoryBulkIntervalInput):
    MlflowGetMetricHistoryBulkIntervalResponse
  mlflowGetRun(input: MlflowGetRunInput): MlflowGetRunResponse
  mlflowListArtifacts(input: MlflowListArtifactsInput): MlflowListArtifactsResponse
  mlflowSearchModelVersions(input: MlflowSearchModelVersionsInput): MlflowSearchModelVersionsResponse
  mlflowSearchRuns(input: MlflowSearchRunsInput): MlflowSearchRunsResponse
  test(inputString: String): Test
}
type Mutation {
  mlflowSearchDatasets(input: MlflowSearchDatasetsInput): MlflowSearchDatasetsResponse
  mlflowSearchRuns(input: MlflowSearchRunsInput): MlflowSearchRunsResponse
  testMutation(inputString: String): TestMutation
}

type Test { output: String }
type TestMutation { output: String }
type ApiError {
  code: String message: String helpUrl: String traceId: String errorDetails: [ErrorDetail]
}
type ErrorDetail { field: String message: String }

input MlflowGetExperimentInput { experimentId: String }
type MlflowGetExperimentResponse { experiment: MlflowExperiment apiError: ApiError }
type MlflowExperiment {
  experimentId: String name: String artifactLocation: String lifecycleStage: String
  lastUpdateTime: LongString creationTime: LongString tags: [MlflowExperimentTag!]
  effectiveTraceArchivalRetention: String workspace: String
}
type MlflowExperimentTag { key: String value: String }

input MlflowGetRunInput { runId: String runUuid: String }
type MlflowGetRunResponse { run: MlflowRunExtension apiError: ApiError }
type MlflowRunExtension {
  info: MlflowRunInfo data: MlflowRunData inputs: MlflowRunInputs outputs: MlflowRunOutputs
  experiment: MlflowExperiment modelVersions: [MlflowModelVersion!]
}
type MlflowRunInfo {
  runId: String runUuid: String runName: String experimentId: String userId: String
  status: MlflowRunStatus startTime: LongString endTime: LongString artifactUri: String
  lifecycleStage: String
}
enum MlflowRunStatus { RUNNING SCHEDULED FINISHED FAILED KILLED }
type MlflowRunData {
  metrics: [MlflowMetricExtension!] params: [MlflowParam!] tags: [MlflowRunTag!]
}
type MlflowMetricExtension {
  key: String value: Float timestamp: LongString step: LongString datasetName: String
  datasetDigest: String modelId: String runId: String
}
type MlflowParam { key: String value: String }
type MlflowRunTag { key: String value: String }
type MlflowRunInputs { datasetInputs: [MlflowDatasetInput!] modelInputs: [MlflowModelInput!] }
type MlflowDatasetInput { tags: [MlflowInputTag!] dataset: MlflowDataset }
type MlflowInputTag { key: String value: String }
type MlflowDataset {
  name: String digest: String sourceType: String source: String schema: String profile: String
}
type MlflowModelInput { modelId: String }
type MlflowRunOutputs { modelOutputs: [MlflowModelOutput!] }
type MlflowModelOutput { modelId: String step: LongString }

input MlflowListArtifactsInput { runId: String runUuid: String path: String pageToken: String }
type MlflowListArtifactsResponse {
  rootUri: String files: [MlflowFileInfo!] nextPageToken: String apiError: ApiError
}
type MlflowFileInfo { path: String isDir: Boolean fileSize: LongString }

input MlflowSearchRunsInput {
  experimentIds: [String] filter: String runViewType: MlflowViewType maxResults: Int
  orderBy: [String] pageToken: String
}
enum MlflowViewType { ACTIVE_ONLY DELETED_ONLY ALL }
type MlflowSearchRunsResponse {
  runs: [MlflowRunExtension!] nextPageToken: String apiError: ApiError
}

input MlflowGetMetricHistoryBulkIntervalInput {
  runIds: [String] metricKey: String startStep: Int endStep: Int maxResults: Int
}
type MlflowGetMetricHistoryBulkIntervalResponse {
  metrics: [MlflowMetricWithRunId!] apiError: ApiError
}
type MlflowMetricWithRunId {
  key: String value: Float timestamp: LongString step: LongString runId: String
}

input MlflowSearchModelVersionsInput {
  filter: String maxResults: LongString orderBy: [String] pageToken: String
}
type MlflowSearchModelVersionsResponse {
  modelVersions: [MlflowModelVersion!] nextPageToken: String apiError: ApiError
}
type MlflowModelVersion {
  name: String version: String creationTimestamp: LongString lastUpdatedTimestamp: LongString
  userId: String currentStage: String description: String source: String runId: String
  status: MlflowModelVersionStatus statusMessage: String tags: [MlflowModelVersionTag!]
  runLink: String aliases: [String] modelId: String modelParams: [MlflowModelParam!]
  modelMetrics: [MlflowModelMetric!]
}
enum MlflowModelVersionStatus { PENDING_REGISTRATION FAILED_REGISTRATION READY }
type MlflowModelVersionTag { key: String value: String }
type MlflowModelParam { name: String value: String }
type MlflowModelMetric {
  key: String value: Float timestamp: LongString step: LongString datasetName: String
  datasetDigest: String modelId: String runId: String
}

input MlflowSearchDatasetsInput { experimentIds: [String] }
type MlflowSearchDatasetsResponse { datasetSummaries: [MlflowDatasetSummary!] apiError: ApiError }
type MlflowDatasetSummary { experimentId: String name: String digest: String context: String }
)";

std::string snake_case(std::string_view camel) {
  std::string snake;
  for (const char c : camel) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital) snake += '_';
    snake += capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return snake;
}

// Reads kSchema, which is right: a mistake in it is one of ours and fails every test.
class SchemaReader {
 public:
  SchemaReader() { advance(); }

  std::map<std::string, Type, std::less<>> types() {
    std::map<std::string, Type, std::less<>> types;
    while (token_.kind == Token::Kind::Name) {
      Type type = this->type();
      std::string name = type.name;
      types.emplace(std::move(name), std::move(type));
    }
    return types;
  }

 private:
  void advance() { token_ = lexer_.next(); }
  std::string take() {
    std::string text = std::move(token_.text);
    advance();
    return text;
  }
  bool accept(std::string_view punctuator) {
    const bool found = token_.is(punctuator);
    if (found) advance();
    return found;
  }

  Type type() {
    static const std::map<std::string, Type::Kind> kKinds{{"scalar", Type::Kind::Scalar},
                                                          {"enum", Type::Kind::Enum},
                                                          {"type", Type::Kind::Object},
                                                          {"input", Type::Kind::Input}};
    Type type;
    type.kind = kKinds.at(take());
    type.name = take();
    if (!accept("{")) return type;
    while (!accept("}")) {
      if (type.kind == Type::Kind::Enum) {
        type.values.push_back(take());
      } else {
        type.fields.push_back(field());
      }
    }
    return type;
  }

  Field field() {
    Field field;
    field.name = take();
    field.json_name = snake_case(field.name);
    if (accept("(")) {
      while (!accept(")")) field.arguments.push_back(this->field());
    }
    if (!accept(":")) throw std::logic_error("the GraphQL schema lacks a type");
    field.type = reference();
    return field;
  }

  TypeReference reference() {
    TypeReference type;
    if (accept("[")) {
      type.item.push_back(reference());
      accept("]");
    } else {
      type.name = take();
    }
    type.non_null = accept("!");
    return type;
  }

  Lexer lexer_{kSchema};
  Token token_;
};

}  // namespace

const Field* find_field(const std::vector<Field>& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

const Field* Type::field(std::string_view field_name) const {
  static const Field kTypename{
      "__typename", "", {.name = "String", .item = {}, .non_null = true}, {}};
  if (kind == Kind::Object && field_name == kTypename.name) return &kTypename;
  return find_field(fields, field_name);
}

const Type* find_type(std::string_view name) {
  static const auto kTypes = SchemaReader().types();
  const auto found = kTypes.find(name);
  return found == kTypes.end() ? nullptr : &found->second;
}

const Type& named_type(const TypeReference& reference) {
  if (!reference.item.empty()) return named_type(reference.item.front());
  const Type* type = find_type(reference.name);
  if (type == nullptr) throw std::logic_error("the GraphQL schema has no type " + reference.name);
  return *type;
}

}  // namespace millrace::graphql
