#include "api/commands/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

namespace millrace::command_line_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Runs in an empty folder, with the environment variables of a test gone at its end.
class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() : old_folder_(std::filesystem::current_path()) {
    std::string pattern = testing::TempDir() + "/command_line_XXXXXX";
    folder_ = mkdtemp(pattern.data());
    std::filesystem::current_path(folder_);
  }
  ~CommandLineTest() override {
    std::filesystem::current_path(old_folder_);
    std::filesystem::remove_all(folder_);
    for (const std::string& name : variables_) unsetenv(name.c_str());
  }

  void set(const char* name, const char* value) {
    setenv(name, value, 1);
    variables_.push_back(name);
  }

  static CommandLine run(const std::vector<const char*>& arguments) {
    std::vector<const char*> argv = {"millrace"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return parse_command_line(static_cast<int>(argv.size()), argv.data());
  }

  static Config config(std::initializer_list<const char*> arguments) {
    CommandLine result = run(arguments);
    EXPECT_FALSE(result.exit_code.has_value()) << result.err;
    return result.config;
  }

  // The whole of standard error of a refused start, without "Error: " and the line end.
  static std::string refusal(const std::vector<const char*>& arguments, int exit_code = 2) {
    CommandLine result = run(arguments);
    EXPECT_EQ(result.exit_code, exit_code);
    EXPECT_TRUE(result.err.starts_with("Error: ") && result.err.ends_with("\n")) << result.err;
    return result.err.substr(7, result.err.size() - 8);
  }

 private:
  std::filesystem::path old_folder_, folder_;
  std::vector<std::string> variables_;
};

TEST_F(CommandLineTest, DefaultsAreThoseOfMlflowServer) {
  CommandLine result = run({"server"});
  ASSERT_FALSE(result.exit_code.has_value());
  EXPECT_EQ(result.out,
            "Backend store URI not provided. Using sqlite:///mlflow.db\n"
            "Registry store URI not provided. Using backend store URI.\n");
  EXPECT_EQ(result.err, "");
  const Config& config = result.config;
  EXPECT_EQ(config.host, "127.0.0.1");
  EXPECT_EQ(config.port, 5000);
  EXPECT_EQ(config.backend_store_uri, "sqlite:///mlflow.db");
  EXPECT_EQ(config.registry_store_uri, "sqlite:///mlflow.db");
  EXPECT_EQ(config.default_artifact_root, "mlflow-artifacts:/");
  EXPECT_TRUE(config.serve_artifacts);
  EXPECT_FALSE(config.artifacts_only);
  EXPECT_EQ(config.artifacts_destination, "./mlartifacts");
  EXPECT_EQ(config.static_prefix, "");
  EXPECT_THAT(config.allowed_hosts, IsEmpty());
  EXPECT_THAT(config.cors_allowed_origins, IsEmpty());
  EXPECT_FALSE(config.disable_security_middleware);
  EXPECT_EQ(config.x_frame_options, "SAMEORIGIN");
  EXPECT_THAT(config.allowed_host_addressed_artifact_schemes, IsEmpty());
  EXPECT_EQ(config.model_version_source_regex, "");
  EXPECT_EQ(config.artifact_location_max_length, 2048u);
  EXPECT_TRUE(config.ai_gateway_enabled);
}

TEST_F(CommandLineTest, FlagsSetEveryValue) {
  Config config = CommandLineTest::config(
      {"server", "--backend-store-uri", "sqlite:////b.db", "--registry-store-uri=sqlite:///r.db",
       "--default-artifact-root", "s3://b/p", "-h", "0.0.0.0", "-p8080", "--static-prefix", "/m",
       "--allowed-hosts", "a.example, *.b", "--cors-allowed-origins", "https://a",
       "--x-frame-options", "deny"});
  EXPECT_EQ(config.backend_store_uri, "sqlite:////b.db");
  EXPECT_EQ(config.registry_store_uri, "sqlite:///r.db");
  EXPECT_EQ(config.default_artifact_root, "s3://b/p");
  EXPECT_EQ(config.host, "0.0.0.0");
  EXPECT_EQ(config.port, 8080);
  EXPECT_EQ(config.static_prefix, "/m");
  EXPECT_THAT(config.allowed_hosts, ElementsAre("a.example", "*.b"));
  EXPECT_THAT(config.cors_allowed_origins, ElementsAre("https://a"));
  EXPECT_EQ(config.x_frame_options, "DENY");
}

TEST_F(CommandLineTest, AnUnknownSchemaIsRefusedUnlessToldOtherwise) {
  EXPECT_EQ(config({"server"}).unknown_schema, UnknownSchema::Refuse);
  EXPECT_EQ(config({"server", "--unknown-schema=refuse"}).unknown_schema, UnknownSchema::Refuse);
  EXPECT_EQ(config({"server", "--unknown-schema=read-only"}).unknown_schema,
            UnknownSchema::ReadOnly);
  EXPECT_EQ(config({"server", "--unknown-schema", "write"}).unknown_schema, UnknownSchema::Write);
  EXPECT_EQ(refusal({"server", "--unknown-schema=no"}),
            "Invalid value for '--unknown-schema': 'no' is not one of 'refuse', 'read-only', "
            "'write'.");
}

TEST_F(CommandLineTest, EnvironmentSetsEveryValue) {
  set("MLFLOW_BACKEND_STORE_URI", "sqlite:///b.db");
  set("MLFLOW_REGISTRY_STORE_URI", "sqlite:///r.db");
  set("MLFLOW_DEFAULT_ARTIFACT_ROOT", "s3://b/p");
  set("MLFLOW_SERVE_ARTIFACTS", "Off");
  set("MLFLOW_ARTIFACTS_DESTINATION", "s3://d");
  set("MLFLOW_HOST", "::1");
  set("MLFLOW_PORT", "0");
  set("MLFLOW_STATIC_PREFIX", "/m");
  set("MLFLOW_SERVER_ALLOWED_HOSTS", "h");
  set("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "o");
  set("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", "true");
  set("MLFLOW_SERVER_X_FRAME_OPTIONS", "none");
  set("MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES", "HDFS, sftp");
  set("MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX", "^s3://");
  set("MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH", "99");
  set("MLFLOW_ENABLE_AI_GATEWAY", "0");
  Config config = CommandLineTest::config({"server"});
  EXPECT_EQ(config.backend_store_uri, "sqlite:///b.db");
  EXPECT_EQ(config.registry_store_uri, "sqlite:///r.db");
  EXPECT_EQ(config.default_artifact_root, "s3://b/p");
  EXPECT_FALSE(config.serve_artifacts);
  EXPECT_EQ(config.artifacts_destination, "s3://d");
  EXPECT_EQ(config.host, "::1");
  EXPECT_EQ(config.port, 0);
  EXPECT_EQ(config.static_prefix, "/m");
  EXPECT_THAT(config.allowed_hosts, ElementsAre("h"));
  EXPECT_THAT(config.cors_allowed_origins, ElementsAre("o"));
  EXPECT_TRUE(config.disable_security_middleware);
  EXPECT_EQ(config.x_frame_options, "NONE");
  EXPECT_THAT(config.allowed_host_addressed_artifact_schemes, ElementsAre("hdfs", "sftp"));
  EXPECT_EQ(config.model_version_source_regex, "^s3://");
  EXPECT_EQ(config.artifact_location_max_length, 99u);
  EXPECT_FALSE(config.ai_gateway_enabled);
}

TEST_F(CommandLineTest, AFlagBeatsItsVariableTheLastFlagHoldsAndAnEmptyVariableIsUnset) {
  set("MLFLOW_PORT", "1");
  set("MLFLOW_HOST", "");
  set("MLFLOW_SERVE_ARTIFACTS", "false");
  Config config = CommandLineTest::config(
      {"server", "--port", "2", "-p", "3", "--no-serve-artifacts", "--serve-artifacts"});
  EXPECT_EQ(config.port, 3);
  EXPECT_EQ(config.host, "127.0.0.1");
  EXPECT_TRUE(config.serve_artifacts);
}

TEST_F(CommandLineTest, ArtifactsAlone) {
  EXPECT_TRUE(config({"server", "--artifacts-only"}).artifacts_only);
  set("MLFLOW_ARTIFACTS_ONLY", "1");
  EXPECT_TRUE(config({"server"}).artifacts_only);
}

TEST_F(CommandLineTest, WithoutServingArtifactsTheRootIsAFolderHere) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(config({"server", "--no-serve-artifacts"}).default_artifact_root, here + "/mlruns");
  EXPECT_EQ(config({"server", "--default-artifact-root", "a"}).default_artifact_root, here + "/a");
}

TEST_F(CommandLineTest, BadValuesAreOneLineThatNamesTheFlag) {
  EXPECT_EQ(refusal({"server", "--port", "abc"}),
            "Invalid value for '--port' / '-p': 'abc' is not a valid integer.");
  EXPECT_EQ(refusal({"server", "-p", "65536"}),
            "Invalid value for '--port' / '-p': 65536 is not in the range 0<=x<=65535.");
  EXPECT_EQ(refusal({"server", "-p", "99999999999999999999"}),
            "Invalid value for '--port' / '-p': 99999999999999999999 is not in the range "
            "0<=x<=65535.");
  EXPECT_EQ(refusal({"server", "--foo"}), "No such option '--foo'.");
  EXPECT_EQ(refusal({"server", "extra"}), "Got unexpected extra argument (extra)");
  EXPECT_EQ(refusal({"server", "--host"}), "Option '--host' requires an argument.");
  EXPECT_EQ(refusal({"server", "--dev=1"}), "Option '--dev' does not take a value.");
  EXPECT_EQ(refusal({"server", "--static-prefix", "p"}), "--static-prefix must begin with a '/'.");
  EXPECT_EQ(refusal({"server", "--static-prefix", "/p/"}),
            "--static-prefix should not end with a '/'.");
  EXPECT_EQ(refusal({"server", "--static-prefix", "/{p"}),
            "--static-prefix must not contain '{' or '}'.");
  EXPECT_EQ(refusal({"server", "--secrets-cache-ttl", "5"}),
            "Invalid value for '--secrets-cache-ttl': 5 is not in the range 10<=x<=300.");
  EXPECT_EQ(refusal({"server", "--uvicorn-opts", "a", "--gunicorn-opts", "b"}),
            "Cannot specify multiple server options. Choose one of: '--gunicorn-opts', "
            "'--waitress-opts', or '--uvicorn-opts'.");
  EXPECT_EQ(refusal({"server", "--app-name", "x"}),
            "Invalid value for '--app-name': 'x' is not one of 'basic-auth'.");
}

TEST_F(CommandLineTest, BadEnvironmentIsRefused) {
  set("MLFLOW_WORKSPACE", "w");
  EXPECT_EQ(refusal({"server"}, 1),
            "MLFLOW_WORKSPACE=w is client-only. Unset it before starting the server.");
  set("MLFLOW_WORKSPACE", "");
  set("MLFLOW_SERVE_ARTIFACTS", "zzz");
  EXPECT_EQ(refusal({"server"}),
            "Invalid value for '--serve-artifacts': 'zzz' is not a valid boolean.");
  set("MLFLOW_SERVE_ARTIFACTS", "");
  set("MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX", "(");
  EXPECT_THAT(refusal({"server"}), HasSubstr("SOURCE_VALIDATION_REGEX"));
}

TEST_F(CommandLineTest, FlagsOfTheProcessModelAreAcceptedWithOneWarningEach) {
  CommandLine result = run({"server", "--workers", "8", "--gunicorn-opts", "--log-level debug",
                            "--dev", "--secrets-cache-max-size", "10"});
  EXPECT_FALSE(result.exit_code.has_value());
  EXPECT_EQ(
      result.err,
      "WARNING: --workers has no effect in Millrace: one process serves all requests.\n"
      "WARNING: --dev has no effect in Millrace: there is no code to reload.\n"
      "WARNING: --secrets-cache-max-size has no effect in Millrace: there is no secrets "
      "cache.\n"
      "WARNING: --log-level has no effect in Millrace: it tunes a server that is not there.\n");
  set("MLFLOW_WORKERS", "8");
  EXPECT_THAT(run({"server"}).err, HasSubstr("--workers has no effect"));
}

TEST_F(CommandLineTest, MissingFeaturesAreRefusedOrNamed) {
  EXPECT_THAT(refusal({"server", "--app-name", "basic-auth"}), HasSubstr("--app-name"));
  EXPECT_THAT(refusal({"server", "--enable-workspaces"}), HasSubstr("--enable-workspaces"));
  EXPECT_EQ(refusal({"server", "--artifacts-only", "--enable-workspaces"}),
            "--workspace-store-uri is required when combining --enable-workspaces with "
            "--artifacts-only so artifact requests can be validated against a workspace "
            "provider.");
  EXPECT_THAT(
      refusal({"server", "--artifacts-only", "--backend-store-uri", "sqlite:///x.db"}),
      HasSubstr("have provided a value for `--backend_store_uri`: 'sqlite:///x.db'. A tracking"));
  EXPECT_THAT(run({"server", "--expose-prometheus", "d"}).err, HasSubstr("/metrics"));
  EXPECT_THAT(run({"server", "--read-replica-backend-store-uri", "u"}).err, HasSubstr("replica"));
  EXPECT_THAT(run({"server", "--workspace-store-uri", "u"}).err, HasSubstr("--workspace-store"));
  set("MLFLOW_ENABLE_WORKSPACES", "true");
  EXPECT_THAT(refusal({"server"}), HasSubstr("--enable-workspaces"));
  EXPECT_EQ(run({"server", "--disable-workspaces"}).exit_code, std::nullopt);
}

TEST_F(CommandLineTest, FileStoresAreRefusedWithTheMigrationCommand) {
  EXPECT_THAT(refusal({"server", "--backend-store-uri", "file:///a/b"}),
              HasSubstr("mlflow migrate-filestore --source /a/b --target sqlite:///mlflow.db"));
  EXPECT_THAT(
      refusal({"server", "--backend-store-uri", "sqlite:///x.db", "--registry-store-uri", "./old"}),
      HasSubstr("--registry-store-uri: './old' is a file store"));
  std::filesystem::create_directories("mlruns/0");
  std::ofstream("mlruns/0/meta.yaml") << "experiment_id: '0'\n";
  EXPECT_THAT(refusal({"server"}), HasSubstr("migrate-filestore --source ./mlruns"));
  EXPECT_EQ(config({"server", "--backend-store-uri", "sqlite:///x.db"}).backend_store_uri,
            "sqlite:///x.db");
}

TEST_F(CommandLineTest, OpenDoorsAreNamed) {
  EXPECT_THAT(run({"server", "--allowed-hosts", "*"}).err, HasSubstr("--allowed-hosts"));
  EXPECT_THAT(run({"server", "--cors-allowed-origins", "*"}).err, HasSubstr("--cors-allowed"));
  EXPECT_THAT(run({"server", "--disable-security-middleware"}).err, HasSubstr("--disable-sec"));
}

TEST_F(CommandLineTest, ADatabaseInMemoryIsForTheServerAlone) {
  const CommandLine server = run({"server", "--backend-store-uri", "sqlite://"});
  EXPECT_FALSE(server.exit_code);
  EXPECT_EQ(server.err,
            "WARNING: --backend-store-uri sqlite:///:memory: is a database in memory: all that it "
            "holds ends with this process.\n");
  EXPECT_THAT(run({"server", "--registry-store-uri", "sqlite:///:memory:"}).err,
              HasSubstr("--registry-store-uri sqlite:///:memory: is a database in memory"));
  EXPECT_THAT(refusal({"gc", "--backend-store-uri", "sqlite:///:memory:"}),
              HasSubstr("nothing for 'millrace gc'"));
  for (const char* verb : {"check", "upgrade", "detach"}) {
    EXPECT_THAT(refusal({"db", verb, "sqlite://"}), HasSubstr("nothing for 'millrace db'"));
  }
  const std::vector<const char*> backup{"backup", "f", "--backend-store-uri", "sqlite:///:memory:"};
  EXPECT_THAT(refusal(backup), HasSubstr("nothing for 'millrace backup'"));
  std::vector<const char*> artifacts = backup;
  artifacts.push_back("--artifacts-only");
  EXPECT_FALSE(run(artifacts).exit_code);
}

TEST_F(CommandLineTest, VerbsAndHelp) {
  EXPECT_EQ(run({"--version"}).out, "millrace 0.1.0 (MLflow 3.17.2 API)\n");
  EXPECT_EQ(run({"--version"}).exit_code, 0);
  EXPECT_EQ(run({"--help"}).exit_code, 0);
  EXPECT_EQ(run({"server", "--help"}).exit_code, 0);
  EXPECT_THAT(run({"server", "--help"}).out, HasSubstr("--backend-store-uri"));
  EXPECT_EQ(run({}).exit_code, 2);
  EXPECT_THAT(run({}).err, HasSubstr("Usage: millrace"));
  EXPECT_THAT(refusal({"bogus"}), HasSubstr("No such command 'bogus'."));
  EXPECT_EQ(refusal({"--bogus"}), "No such option '--bogus'.");
  EXPECT_THAT(refusal({"--env-file", "f", "server"}), HasSubstr("--env-file"));
}

TEST_F(CommandLineTest, EveryVerbSaysTheSameAboutAMistake) {
  for (const std::vector<const char*>& verb :
       {std::vector<const char*>{"server"}, {"gc"}, {"db", "check", "sqlite:///x.db"}}) {
    const auto with = [&](const char* word) {
      std::vector<const char*> words = verb;
      words.push_back(word);
      return refusal(words);
    };
    EXPECT_EQ(with("--foo"), "No such option '--foo'.");
    EXPECT_EQ(with("-x"), "No such option '-x'.");
    EXPECT_EQ(with("extra"), "Got unexpected extra argument (extra)");
  }
  EXPECT_EQ(refusal({"gc", "--older-than"}), "Option '--older-than' requires an argument.");
  EXPECT_EQ(refusal({"gc", "--dry-run=1"}), "Option '--dry-run' does not take a value.");
  EXPECT_EQ(refusal({"db", "upgrade", "sqlite:///x.db", "--create-database=1"}),
            "Option '--create-database' does not take a value.");
  EXPECT_EQ(refusal({"db", "check"}), "Missing argument 'URI'.");
  EXPECT_EQ(refusal({"db", "check", "--foo"}), "No such option '--foo'.");
  EXPECT_EQ(refusal({"db", "chekc", "sqlite:///x.db"}),
            "No such command 'chekc'. Try 'millrace db --help' for help.");
  EXPECT_FALSE(run({"db", "check", "--", "sqlite:///x.db"}).exit_code);
  EXPECT_FALSE(run({"gc", "--dry-run", "--"}).exit_code);
  EXPECT_EQ(refusal({"db"}), "Missing command. Try 'millrace db --help' for help.");
}

}  // namespace
}  // namespace millrace::command_line_test
