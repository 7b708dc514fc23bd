#include "api/http/spill.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "store/common/error.h"

namespace millrace {
namespace {

[[noreturn]] void throw_system_error(const char* what) {
  throw Error(ErrorCode::InternalError,
              std::string("Large replies cannot be kept in temporary files: ") + what + ": " +
                  std::generic_category().message(errno));
}

// A file that goes with its descriptor.
int nameless_file() {
  const std::string folder = temporary_folder();
  int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  std::string path = folder + "/millrace-XXXXXX";  // for file systems without O_TMPFILE
  file = ::mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) throw_system_error((folder + " ($TMPDIR)").c_str());
  ::unlink(path.c_str());
  return file;
}

class SpilledBody : public BodySource {
 public:
  SpilledBody(int file, std::uint64_t size) : file_(file), size_(size) {}
  ~SpilledBody() override { ::close(file_); }
  SpilledBody(const SpilledBody&) = delete;
  SpilledBody& operator=(const SpilledBody&) = delete;

  std::uint64_t size() const override { return size_; }
  std::size_t read(char* buffer, std::size_t size) override {
    ssize_t count = -1;
    do {
      count = ::pread(file_, buffer, size, static_cast<off_t>(position_));
    } while (count < 0 && errno == EINTR);
    if (count < 0) throw_system_error("read");
    position_ += static_cast<std::uint64_t>(count);
    return static_cast<std::size_t>(count);
  }
  void unread(std::size_t size) override { position_ -= size; }

 private:
  int file_;
  std::uint64_t size_;
  std::uint64_t position_ = 0;
};

}  // namespace

std::string temporary_folder() {
  const char* configured = std::getenv("TMPDIR");
  return configured != nullptr && *configured != '\0' ? configured : "/tmp";
}

void try_temporary_file() { ::close(nameless_file()); }

Spill::~Spill() {
  if (file_ >= 0) ::close(file_);
}

void Spill::write_out() {
  if (file_ < 0) file_ = nameless_file();
  std::string_view rest = text_;
  while (!rest.empty()) {
    const ssize_t count = ::write(file_, rest.data(), rest.size());
    if (count < 0 && errno != EINTR) throw_system_error("write");
    if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
  }
  written_ += text_.size();
  text_.clear();
}

HttpResponse Spill::reply(std::string_view content_type) {
  if (file_ < 0) return text_reply(200, content_type, std::move(text_));
  write_out();
  HttpResponse response = text_reply(200, content_type, "");
  response.source = std::make_unique<SpilledBody>(file_, written_);
  file_ = -1;
  written_ = 0;
  return response;
}

}  // namespace millrace
