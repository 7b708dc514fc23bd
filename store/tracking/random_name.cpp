#include "store/tracking/random_name.h"

#include <array>
#include <random>
#include <string_view>

namespace millrace::tracking {
namespace {

// No word is longer than seven letters, which bounds the name.
constexpr std::array<std::string_view, 48> kAdjectives{
    "amber",  "ample", "arched",  "azure",  "bold",   "brave",  "bright",  "brisk",
    "calm",   "clear", "coastal", "copper", "crisp",  "dapper", "deep",    "eager",
    "early",  "even",  "fair",    "famous", "fleet",  "fresh",  "gentle",  "glad",
    "golden", "grand", "green",   "hardy",  "honest", "keen",   "kind",    "level",
    "lively", "lucid", "mellow",  "merry",  "mild",   "noble",  "patient", "plucky",
    "proud",  "quick", "quiet",   "rapid",  "silver", "steady", "swift",   "warm"};
constexpr std::array<std::string_view, 48> kNouns{
    "alder",   "anchor", "badger", "barley", "beacon", "birch",  "bridge", "brook",
    "canal",   "cedar",  "cliff",  "creek",  "delta",  "dipper", "eddy",   "elm",
    "falcon",  "fern",   "ford",   "gannet", "grove",  "harbor", "heron",  "island",
    "kestrel", "lark",   "levee",  "maple",  "marsh",  "meadow", "mill",   "minnow",
    "oak",     "otter",  "pebble", "pike",   "plover", "quarry", "race",   "reed",
    "ridge",   "rill",   "salmon", "sluice", "tern",   "trout",  "weir",   "willow"};

template <class Words>
std::string_view pick(const Words& words, std::mt19937_64& random) {
  return words[std::uniform_int_distribution<std::size_t>(0, words.size() - 1)(random)];
}

}  // namespace

std::string random_name() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::string name(pick(kAdjectives, random));
  name.append("-").append(pick(kNouns, random)).append("-");
  return name + std::to_string(std::uniform_int_distribution<int>(0, 1000)(random));
}

}  // namespace millrace::tracking
