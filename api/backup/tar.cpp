#include "api/backup/tar.h"

#include <dlfcn.h>

#include <filesystem>

#include "store/common/error.h"

namespace millrace {
namespace {

void* entry_of_module(const char* symbol) {
  const std::filesystem::path folder =
      std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const char* name = "libmillrace_tar.so";
  // Never closed, as the drivers of the databases.
  void* module = dlopen((folder / name).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    throw Error(ErrorCode::InvalidState,
                "The module for archives cannot be loaded: " + std::string(dlerror()));
  }
  void* entry = dlsym(module, symbol);
  if (entry == nullptr) {
    throw Error(ErrorCode::InvalidState,
                std::string("The module ") + name + " is of another Millrace.");
  }
  return entry;
}

}  // namespace

std::unique_ptr<TarWriter> open_tar_writer(int file) {
  const auto open = reinterpret_cast<OpenTarWriter>(entry_of_module(kOpenTarWriter));
  return std::unique_ptr<TarWriter>(open(file));
}

std::unique_ptr<TarReader> open_tar_reader(int file) {
  const auto open = reinterpret_cast<OpenTarReader>(entry_of_module(kOpenTarReader));
  return std::unique_ptr<TarReader>(open(file));
}

}  // namespace millrace
