#include "api/commands/web_server_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <span>
#include <string_view>

#include "api/commands/option_values.h"
#include "api/http/trusted_proxies.h"
#include "store/common/error.h"

namespace millrace {
namespace {

enum class Use {
  TuningValue,  // one with a value, without effect
  TuningFlag,
  Default,  // a flag that asks for what Millrace does
  CertFile,
  KeyFile,
  CaCerts,
  CertReqs,
  TrustedProxies,
};

struct WebServerOption {
  const char* names;
  Use use;
  const char* variable = "";
};

constexpr WebServerOption kUvicorn[] = {
    {"--ssl-certfile", Use::CertFile, "UVICORN_SSL_CERTFILE"},
    {"--ssl-keyfile", Use::KeyFile, "UVICORN_SSL_KEYFILE"},
    {"--ssl-ca-certs", Use::CaCerts, "UVICORN_SSL_CA_CERTS"},
    {"--ssl-cert-reqs", Use::CertReqs, "UVICORN_SSL_CERT_REQS"},
    {"--forwarded-allow-ips", Use::TrustedProxies, "FORWARDED_ALLOW_IPS"},
    {"--proxy-headers", Use::Default},
    {"--no-server-header", Use::Default},
    {"--date-header", Use::Default},
    {"--access-log,--no-access-log", Use::TuningFlag},
    {"--use-colors,--no-use-colors", Use::TuningFlag},
    {"--reload", Use::TuningFlag},
    {"--reset-contextvars", Use::TuningFlag},
    {"--backlog", Use::TuningValue},
    {"--h11-max-incomplete-event-size", Use::TuningValue},
    {"--http", Use::TuningValue},
    {"--interface", Use::TuningValue},
    {"--lifespan", Use::TuningValue},
    {"--limit-concurrency", Use::TuningValue},
    {"--limit-max-requests", Use::TuningValue},
    {"--limit-max-requests-jitter", Use::TuningValue},
    {"--log-config", Use::TuningValue},
    {"--log-level", Use::TuningValue},
    {"--loop", Use::TuningValue},
    {"--reload-delay", Use::TuningValue},
    {"--reload-dir", Use::TuningValue},
    {"--reload-exclude", Use::TuningValue},
    {"--reload-include", Use::TuningValue},
    {"--timeout-graceful-shutdown", Use::TuningValue},
    {"--timeout-keep-alive", Use::TuningValue},
    {"--timeout-worker-healthcheck", Use::TuningValue},
    {"--workers", Use::TuningValue},
    {"--ws", Use::TuningValue},
    {"--ws-max-queue", Use::TuningValue},
    {"--ws-max-size", Use::TuningValue},
    {"--ws-per-message-deflate", Use::TuningValue},
    {"--ws-ping-interval", Use::TuningValue},
    {"--ws-ping-timeout", Use::TuningValue},
};

constexpr WebServerOption kGunicorn[] = {
    {"--certfile", Use::CertFile},
    {"--keyfile", Use::KeyFile},
    {"--ca-certs", Use::CaCerts},
    {"--cert-reqs", Use::CertReqs},
    {"--forwarded-allow-ips", Use::TrustedProxies, "FORWARDED_ALLOW_IPS"},
    {"--capture-output", Use::TuningFlag},
    {"--disable-redirect-access-to-syslog", Use::TuningFlag},
    {"--enable-backlog-metric", Use::TuningFlag},
    {"-R,--enable-stdio-inheritance", Use::TuningFlag},
    {"--log-syslog", Use::TuningFlag},
    {"--no-control-socket", Use::TuningFlag},
    {"--no-sendfile", Use::TuningFlag},
    {"--preload", Use::TuningFlag},
    {"--reload", Use::TuningFlag},
    {"--spew", Use::TuningFlag},
    {"--access-logfile", Use::TuningValue},
    {"--access-logformat", Use::TuningValue},
    {"--backlog", Use::TuningValue},
    {"--dogstatsd-tags", Use::TuningValue},
    {"--error-logfile,--log-file", Use::TuningValue},
    {"--graceful-timeout", Use::TuningValue},
    {"--keep-alive", Use::TuningValue},
    {"--limit-request-field_size", Use::TuningValue},
    {"--limit-request-fields", Use::TuningValue},
    {"--limit-request-line", Use::TuningValue},
    {"--log-config", Use::TuningValue},
    {"--log-config-json", Use::TuningValue},
    {"--log-level", Use::TuningValue},
    {"--log-syslog-facility", Use::TuningValue},
    {"--log-syslog-prefix", Use::TuningValue},
    {"--log-syslog-to", Use::TuningValue},
    {"--logger-class", Use::TuningValue},
    {"--max-requests", Use::TuningValue},
    {"--max-requests-jitter", Use::TuningValue},
    {"-n,--name", Use::TuningValue},
    {"--reload-engine", Use::TuningValue},
    {"--reload-extra-file", Use::TuningValue},
    {"--statsd-host", Use::TuningValue},
    {"--statsd-prefix", Use::TuningValue},
    {"--threads", Use::TuningValue},
    {"-t,--timeout", Use::TuningValue},
    {"-k,--worker-class", Use::TuningValue},
    {"--worker-connections", Use::TuningValue},
    {"--worker-tmp-dir", Use::TuningValue},
    {"-w,--workers", Use::TuningValue},
};

constexpr WebServerOption kWaitress[] = {
    {"--asyncore-use-poll", Use::TuningFlag},
    {"--log-socket-errors", Use::TuningFlag},
    {"--no-log-socket-errors", Use::TuningFlag},
    {"--asyncore-loop-timeout", Use::TuningValue},
    {"--backlog", Use::TuningValue},
    {"--channel-request-lookahead", Use::TuningValue},
    {"--channel-timeout", Use::TuningValue},
    {"--cleanup-interval", Use::TuningValue},
    {"--connection-limit", Use::TuningValue},
    {"--inbuf-overflow", Use::TuningValue},
    {"--max-request-body-size", Use::TuningValue},
    {"--max-request-header-size", Use::TuningValue},
    {"--outbuf-high-watermark", Use::TuningValue},
    {"--outbuf-overflow", Use::TuningValue},
    {"--recv-bytes", Use::TuningValue},
    {"--send-bytes", Use::TuningValue},
    {"--threads", Use::TuningValue},
};

struct Known {
  const char* flag;
  std::span<const WebServerOption> options;
};

Known known(WebServer server) {
  switch (server) {
    case WebServer::Gunicorn:
      return {"--gunicorn-opts", kGunicorn};
    case WebServer::Waitress:
      return {"--waitress-opts", kWaitress};
    case WebServer::Uvicorn:
      break;
  }
  return {"--uvicorn-opts", kUvicorn};
}

constexpr std::string_view kBlanks = " \t\r\n";
bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }

// Charts write --uvicorn-opts='...' where no shell takes the quotation marks away.
std::vector<std::string> option_words(const std::string& text) {
  std::vector<std::string> words = shell_words(text);
  const bool is_quoted_as_a_whole = words.size() == 1 && text.find_first_of("'\"") == 0;
  return is_quoted_as_a_whole ? shell_words(words[0]) : words;
}

class OptionsReader {
 public:
  OptionsReader(const Known& server, Config& config) : server_(server), config_(config) {
    app_.set_help_flag();
    app_.allow_extras();
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    for (const WebServerOption& option : server_.options) add(option);
  }

  std::vector<std::string> read(std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    try {
      app_.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
      throw_invalid_parameter(std::string(server_.flag) + ": " + error.what() + ".");
    }
    for (const std::string& extra : app_.remaining()) refuse(extra.substr(0, extra.find('=')));
    if (requires_certificates_ && config_.ssl_ca_certs.empty()) {
      throw_invalid_parameter(std::string(server_.flag) +
                              ": clients that must show a certificate need the file of its "
                              "authority (--ssl-ca-certs).");
    }
    return std::move(without_effect_);
  }

 private:
  void add(const WebServerOption& option) {
    if (option.use == Use::TuningFlag || option.use == Use::Default) {
      for (const std::string& name : split_list(option.names)) {
        app_.add_flag(name)->each([this, &option, name](const std::string&) {
          if (option.use == Use::TuningFlag) without_effect_.push_back(name);
        });
      }
      return;
    }
    app_.add_option_function<std::string>(
            option.names, [this, &option](const std::string& value) { use(option, value); })
        ->envname(option.variable);
  }

  void use(const WebServerOption& option, const std::string& value) {
    switch (option.use) {
      case Use::CertFile:
        return set_file(config_.ssl_certfile, option, value);
      case Use::KeyFile:
        return set_file(config_.ssl_keyfile, option, value);
      case Use::CaCerts:
        return set_file(config_.ssl_ca_certs, option, value);
      case Use::CertReqs:
        if (value != "2") refuse(std::string(option.names) + " " + value);
        requires_certificates_ = true;
        return;
      case Use::TrustedProxies:
        return set_proxies(option, value);
      default:
        without_effect_.push_back(split_list(option.names).back());
    }
  }

  void set_file(std::string& file, const WebServerOption& option, const std::string& value) {
    if (!file.empty() && file != value) {
      throw_invalid_parameter(std::string(server_.flag) + ": " + option.names + " " + value +
                              " contradicts Millrace's own option, which says " + file + ".");
    }
    file = value;
  }

  void set_proxies(const WebServerOption& option, const std::string& value) {
    config_.forwarded_allow_ips = split_list(value);
    TrustedProxies(option.names, config_.forwarded_allow_ips);  // throws where one is none
  }

  [[noreturn]] void refuse(const std::string& what) const {
    throw_invalid_parameter(std::string(server_.flag) + ": Millrace does not do what '" + what +
                            "' asks for. Options for TLS and trusted proxies work there; others, "
                            "such as the address, are options of 'millrace server' itself.");
  }

  const Known server_;
  Config& config_;
  CLI::App app_;
  std::vector<std::string> without_effect_;
  bool requires_certificates_ = false;
};

}  // namespace

std::vector<std::string> shell_words(std::string_view text) {
  std::vector<std::string> words;
  char quote = '\0';
  bool in_word = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && is_blank(c)) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    const bool escapes =
        c == '\\' && i + 1 < text.size() &&
        (quote == '\0' || (quote == '"' && (text[i + 1] == '"' || text[i + 1] == '\\')));
    if (escapes) {
      words.back() += text[++i];
    } else if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else {
      words.back() += c;
    }
  }
  if (quote != '\0') {
    throw_invalid_parameter("A quotation has no end: " + std::string(text));
  }
  return words;
}

std::vector<std::string> read_web_server_options(WebServer server, const std::string& text,
                                                 Config& config) {
  std::vector<std::string> words;
  if (server == WebServer::Gunicorn) words = shell_words(environment("GUNICORN_CMD_ARGS"));
  const std::vector<std::string> given = option_words(text);
  words.insert(words.end(), given.begin(), given.end());
  return OptionsReader(known(server), config).read(std::move(words));
}

}  // namespace millrace
