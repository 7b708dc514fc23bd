// The comparison with MLflow itself, request by request, is in compat-tests; here is the essence.
#include "api/rules/model_version_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "api/rules/memory_lookup.h"
#include "store/common/error.h"

namespace millrace::model_version_source_test {
namespace {

namespace fs = std::filesystem;

class ModelVersionSource : public testing::Test {
 protected:
  ModelVersionSource() {
    std::string pattern = (fs::temp_directory_path() / "model_version_source_XXXXXX").native();
    folder_ = fs::canonical(mkdtemp(pattern.data())).native();
    fs::create_directories(folder_ + "/run/artifacts/sub");
    fs::create_directories(folder_ + "/secret");
    fs::create_directory_symlink(folder_ + "/secret", folder_ + "/run/artifacts/out");
    fs::create_symlink("loop", folder_ + "/run/artifacts/loop");
    stores_.runs["r"] = {folder_ + "/run/artifacts", "active"};
    stores_.runs["proxied"] = {"mlflow-artifacts:/1/proxied/artifacts", "active"};
    stores_.logged_models["m-1"] = {"s3://b/m-1", "r"};
    stores_.models["src"].versions = {version(1, "Staging"), version(2, "None")};
    stores_.models["src"].aliases["champ"] = 1;
    stores_.models["prompt"].prompt = true;
    stores_.models["empty"] = {};
    stores_.models["bin"].versions = {version(1, "None")};
  }
  ~ModelVersionSource() override { fs::remove_all(folder_); }

  static ModelVersion version(std::int64_t number, const std::string& stage) {
    ModelVersion row;
    row.version = number;
    row.current_stage = stage;
    row.source = "s3://b/source";
    row.storage_location = "s3://b/" + std::to_string(number);
    row.run_id = "run" + std::to_string(number);
    return row;
  }

  static SourceRequest request(const std::string& source) {
    return {"target", source, std::nullopt, "", {}};
  }
  static SourceRequest of_run(const std::string& source, const std::string& run_id) {
    return {"target", source, run_id, "", {}};
  }
  static SourceRequest of_model(const std::string& source, const std::string& model_id) {
    return {"target", source, std::nullopt, model_id, {}};
  }

  AcceptedSource accept(const SourceRequest& request) { return rules_.check(request, stores_); }

  std::string refusal(const SourceRequest& request,
                      ErrorCode code = ErrorCode::InvalidParameterValue) {
    try {
      accept(request);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "accepted: " << request.source;
    return "";
  }

  std::string folder_;
  MemoryLookup stores_;
  SourceRules rules_{HostPolicy{}, ""};
};

TEST_F(ModelVersionSource, StoresARemoteSourceAsItIs) {
  for (const char* source :
       {"s3://b/a", "gs://b/a/", "dbfs:/a//b", "weird:/a%2520b", " s3://b/x"}) {
    const AcceptedSource accepted = accept(request(source));
    EXPECT_EQ(accepted.source, source);
    EXPECT_EQ(accepted.storage_location, source);
    EXPECT_EQ(accepted.run_id, "");
    EXPECT_EQ(accepted.linked_model_id, "");
  }
}

TEST_F(ModelVersionSource, DoesNotLookForRemotePathsOnThisMachine) {
  ASSERT_TRUE(fs::exists("/proc/self"));  // a symbolic link everywhere
  EXPECT_EQ(accept(request("s3://b/proc/self/x")).source, "s3://b/proc/self/x");
  EXPECT_EQ(accept(request("models:/bin/1")).storage_location, "s3://b/1");
}

TEST_F(ModelVersionSource, RefusesRemotePathsThatMove) {
  for (const char* source :
       {"s3://b", "s3://b/", "s3:a", "s3://b/../a", "s3://b/a/..", "s3://b/./a", "s3://b/%2e%2e/a",
        "s3://b/%25252e%252e/a", "s3://b/a%2f..%2fb", "s3://b/a\t/.\t./b", "s3://b/a?x/../y",
        "s3://b/a#/../b", "s3://b/a;/../b", "s3://b/a%00b", "s3://b/a%2500b"}) {
    EXPECT_EQ(
        refusal(request(source)),
        "Invalid model version source: '" + std::string(source) +
            "'. If supplying a source as an http, https, local file path, ftp, objectstore, "
            "or mlflow-artifacts uri, an absolute path must be provided without relative path "
            "references present. Please provide an absolute path.");
  }
}

TEST_F(ModelVersionSource, RefusesWhatIsNoUri) {
  EXPECT_EQ(refusal(request("s3://[b/a")), "Invalid URI: 's3://[b/a'.");
  EXPECT_EQ(refusal(request("s3://%5Bb/a")), "Invalid URI: 's3://[b/a'.");
}

TEST_F(ModelVersionSource, HoldsLocalSourcesInTheRunsFolder) {
  const std::string root = folder_ + "/run/artifacts";
  for (const std::string& source : {root, root + "/", root + "/sub/x", "file://" + root + "/new",
                                    "file:" + root + "/%73ub", root + "/sub/../sub"}) {
    EXPECT_EQ(accept(of_run(source, "r")).source, source);
  }
  for (const std::string tail : {"/../x", "X", "/out", "/out/x", "/missing/../out/x", "/loop/x",
                                 "/%2e%2e/x", "/sub/../../x"}) {
    refusal(of_run(root + tail, "r"));
    refusal(of_run("file://" + root + tail, "r"));
  }
  const std::string reason =
      "'. To use a local path as a model version source, the run_id request parameter has to be "
      "specified and the local path has to be contained within the artifact directory of the run "
      "specified by the run_id.";
  EXPECT_EQ(refusal(of_run(root + "/../x", "r")),
            "Invalid model version source: '" + folder_ + "/run/x" + reason);
  for (const std::string& source : {root + "/out/x", "file://" + root + "/out", root + "/out/.."}) {
    EXPECT_EQ(refusal(of_run(source, "r")), "Invalid model version source: '" + source + reason)
        << "or it would tell where the server's links lead";
  }
  refusal(request(root));
  refusal(of_run("FILE://" + root, "r"));
  refusal(of_run(root, "proxied"));
  EXPECT_EQ(refusal(of_run(root, "unknown")),
            "Invalid model version source: '" + root +
                "'. The run_id request parameter must identify the resource that contains the "
                "source.");
  refusal(of_run("file://other" + root, "r"), ErrorCode::InternalError);
}

TEST_F(ModelVersionSource, KnowsTheProxyByItsRoute) {
  stores_.runs["proxied"] = {"http://h/x/api/2.0/mlflow-artifacts/artifacts/1/a", "active"};
  const SourceRules rules({{"http"}, {}}, "");
  const std::string route = "http://h/x/api/2.0/mlflow-%61rtifacts/artifacts/1/a";
  EXPECT_EQ(rules.check(of_run(route + "/m", "proxied"), stores_).source, route + "/m");
  for (const std::string source : {"http://h/api/api/2.0/mlflow-artifacts/artifacts/2",
                                   "http://h/api/2.0/api/2.0/mlflow-artifacts/artifacts/1/a"}) {
    EXPECT_THROW(rules.check(of_run(source, "proxied"), stores_), Error) << source;
  }
  for (const std::string source : {"http://h/api/2.0/mlflow-artifacts", "http://h/2.0/artifacts"})
    EXPECT_EQ(rules.check(of_run(source, "proxied"), stores_).source, source);
}

TEST_F(ModelVersionSource, HoldsProxiedSourcesBelowTheirOwner) {
  const std::string root = "mlflow-artifacts:/1/proxied/artifacts";
  EXPECT_EQ(accept(of_run(root + "/m", "proxied")).storage_location, root + "/m");
  EXPECT_EQ(accept(of_run("mlflow-artifacts:/1/%70roxied/artifacts", "proxied")).run_id, "proxied");
  const std::string reason =
      "'. The run_id request parameter must identify the resource that contains the source.";
  for (const std::string& source :
       {root + "X", std::string("mlflow-artifacts:/1"), std::string("mlflow-artifacts:/2/x")}) {
    EXPECT_EQ(refusal(of_run(source, "proxied")),
              "Invalid model version source: '" + source + reason);
    EXPECT_EQ(refusal(request(source)), "Invalid model version source: '" + source + reason);
  }
}

TEST_F(ModelVersionSource, TakesRunsUrisOfTheirRunOnly) {
  EXPECT_EQ(accept(of_run("runs:/abc/m", "abc")).storage_location, "runs:/abc/m");
  for (const auto& wrong : {of_run("runs:/abc/m", "abcd"), request("runs:/abc/m"),
                            of_run("runs://h/abc/m", "abc"), of_model("runs:/abc/m", "m-1")}) {
    refusal(wrong);
  }
  EXPECT_EQ(refusal(of_run("runs:////abc", "abc"), ErrorCode::InternalError),
            "Not a proper runs:/ URI: runs:////abc. Runs URIs must be of the form "
            "'runs:/<run_id>/run-relative/path/to/artifact'");
}

TEST_F(ModelVersionSource, FollowsTheVersionThatASourceNames) {
  for (const char* source :
       {"models:/src/1", "models:/src/001", "models:/src@champ", "MODELS:/src/staging"}) {
    const AcceptedSource accepted = accept(request(source));
    EXPECT_EQ(accepted.source, "models:/src/1");
    EXPECT_EQ(accepted.storage_location, "s3://b/1");
    EXPECT_EQ(accepted.run_id, "run1");
  }
  EXPECT_EQ(accept(request("models:/src/latest")).source, "models:/src/2");
  EXPECT_EQ(accept(of_run("models:/src/1", "run1")).run_id, "run1");
  const std::string mismatch =
      "Invalid model version source: 'models:/src/1'. The run_id and model_id request parameters "
      "must match the referenced model version.";
  EXPECT_EQ(refusal(of_run("models:/src/1", "")), mismatch);
  EXPECT_EQ(refusal(of_model("models:/src/1", "m-1")), mismatch);
  EXPECT_EQ(refusal(request("models:/prompt/1")),
            "Invalid model version source: 'models:/prompt/1'. Prompt versions cannot be used as "
            "model version sources.");
  EXPECT_EQ(refusal(request("models://h/src/1")),
            "Invalid model version source: 'models://h/src/1'. Registered model sources must use "
            "the active model registry.");
  EXPECT_EQ(refusal(request("models:/empty/Staging"), ErrorCode::InternalError),
            "No versions of model with name 'empty' and stage 'Staging' found");
  EXPECT_EQ(refusal(request("models:/src/9"), ErrorCode::ResourceDoesNotExist),
            "Model Version (name=src, version=9) not found");
  EXPECT_EQ(refusal(request("models:/src/a/b")),
            "Invalid model version source: 'models:/src/a/b'. The model_id request parameter must "
            "identify the resource that contains the source.");
}

TEST_F(ModelVersionSource, ResolvesLoggedModels) {
  const AcceptedSource accepted = accept(of_model("models:/m-1", "m-1"));
  EXPECT_EQ(accepted.source, "models:/m-1");
  EXPECT_EQ(accepted.storage_location, "s3://b/m-1");
  EXPECT_EQ(accepted.run_id, "r");
  EXPECT_EQ(accepted.linked_model_id, "m-1");
  EXPECT_EQ(accept(of_model("s3://b/x", "m-1")).run_id, "r");
  refusal(request("models:/m-1"));
  refusal(of_model("models:/m-2", "m-1"));
  EXPECT_EQ(refusal(of_model("s3://b/x", "m-2"), ErrorCode::ResourceDoesNotExist),
            "Logged model with ID 'm-2' not found.");
  EXPECT_EQ(refusal(of_model("models:/m-2", "m-2"), ErrorCode::InternalError),
            "Unable to fetch model from model URI source artifact location 'models:/m-2'.Error: "
            "Logged model with ID 'm-2' not found.");
}

TEST_F(ModelVersionSource, LetsThePromptTagSkipNothing) {
  SourceRequest prompt = request("/etc");
  prompt.tags = {{"mlflow.prompt.is_prompt", "TRUE"}};
  EXPECT_EQ(refusal(prompt),
            "Invalid prompt source: '/etc'. Prompt sources must use an MLflow placeholder.");
  prompt.source = "prompt-template";
  EXPECT_EQ(accept(prompt).storage_location, "prompt-template");
  prompt.tags.push_back({"mlflow.prompt.is_prompt", "false"});
  refusal(prompt);
}

TEST_F(ModelVersionSource, ChecksTheSourceBeforeNameAndTags) {
  SourceRequest wrong{"..", "s3://b", std::nullopt, "", {{"?", ""}}};
  EXPECT_NE(refusal(wrong).find("absolute path"), std::string::npos);
  wrong.source = "s3://b/x";
  EXPECT_NE(refusal(wrong).find("for parameter 'name'"), std::string::npos);
  wrong.name = "target";
  EXPECT_NE(refusal(wrong).find("for parameter 'key'"), std::string::npos);
}

TEST_F(ModelVersionSource, AppliesTheOperatorsPatternAnywhereInTheSource) {
  const SourceRules rules({}, "^s3://|/x$");
  EXPECT_NO_THROW(rules.check(request("s3://b/a"), stores_));
  EXPECT_NO_THROW(rules.check(request("gs://b/x"), stores_));
  EXPECT_THROW(rules.check(request("gs://b/a"), stores_), Error);
  EXPECT_THROW(SourceRules({}, "(?=lookahead)"), Error);
}

}  // namespace
}  // namespace millrace::model_version_source_test
