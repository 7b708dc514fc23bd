#include "api/commands/option_parsing.h"

#include <string>
#include <string_view>

#include "store/common/error.h"

namespace millrace {
namespace {

// CLI11 writes "--host: 1 required TEXT missing" and "dev was given a disallowed flag override".
std::string option_with_wrong_argument(std::string_view cli11_text) {
  std::string name(cli11_text.substr(0, cli11_text.find_first_of(": ")));
  if (!name.starts_with('-')) name.insert(0, "--");
  const bool takes_none = cli11_text.ends_with("flag override");
  return "Option '" + name + (takes_none ? "' does not take a value." : "' requires an argument.");
}

// A verb with subcommands of which none was named, or an argument that is missing: CLI11 writes
// "A subcommand is required" and "URI is required".
std::string missing(const CLI::App& app, std::string_view cli11_text) {
  const bool lacks_subcommand =
      app.get_require_subcommand_min() > 0 && app.get_subcommands().empty();
  if (lacks_subcommand) return "Missing command. Try '" + app.get_name() + " --help' for help.";
  return "Missing argument '" + std::string(cli11_text.substr(0, cli11_text.find(' '))) + "'.";
}

// Throws for words that are no option and no argument of this verb.
void refuse_extras(const CLI::App& app) {
  const bool takes_subcommand = app.get_require_subcommand_min() > 0;
  for (const std::string& extra : app.remaining(true)) {
    if (extra == "--") continue;  // the mark behind which all are arguments
    if (extra.size() > 1 && extra.starts_with('-')) {
      throw_invalid_parameter("No such option '" + extra + "'.");
    }
    if (takes_subcommand && app.get_subcommands().empty()) {
      throw_invalid_parameter("No such command '" + extra + "'. Try '" + app.get_name() +
                              " --help' for help.");
    }
    throw_invalid_parameter("Got unexpected extra argument (" + extra + ")");
  }
}

}  // namespace

void prepare_options(CLI::App& app) {
  app.set_help_flag("--help", "Show this message and exit.");
  app.allow_extras();  // so that refuse_extras reports them
}

bool parse_options(CLI::App& app, int argc, const char* const* argv, CommandLine& result) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    result.out = app.help();
    result.exit_code = 0;
    return false;
  } catch (const CLI::ArgumentMismatch& error) {
    throw_invalid_parameter(option_with_wrong_argument(error.what()));
  } catch (const CLI::RequiredError& error) {
    refuse_extras(app);  // a mistyped option or subcommand is the mistake to name
    throw_invalid_parameter(missing(app, error.what()));
  } catch (const CLI::ParseError& error) {
    throw_invalid_parameter(error.what());
  }
  refuse_extras(app);
  return true;
}

}  // namespace millrace
