#include "api/http/reply_writer.h"

#include <algorithm>

#include "store/common/error.h"

namespace millrace {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSourcePiece = std::size_t{128} << 10U;  // bytes

}  // namespace

ReplyWriter::ReplyWriter(std::string head, HttpResponse response)
    : head_(std::move(head)),
      body_(std::move(response.body)),
      source_(std::move(response.source)),
      body_size_(source_ ? source_->size() : body_.size()) {}

std::string_view ReplyWriter::next_piece(std::string& buffer) {
  if (!source_) return std::string_view(body_).substr(static_cast<std::size_t>(body_sent_));
  buffer.resize(
      static_cast<std::size_t>(std::min<std::uint64_t>(kSourcePiece, body_size_ - body_sent_)));
  const std::size_t size = source_->read(buffer.data(), buffer.size());
  if (size == 0) throw Error(ErrorCode::InternalError, "The reply has become shorter.");
  return std::string_view(buffer).substr(0, size);
}

ReplyWriter::Progress ReplyWriter::write(ConnectionSocket& socket, const ConnectionLimits& limits,
                                         const std::function<bool()>& busy) {
  std::string buffer;
  for (;;) {
    const std::string_view head = std::string_view(head_).substr(head_sent_);
    std::string_view piece;
    try {
      if (body_sent_ < body_size_) piece = next_piece(buffer);
    } catch (const Error&) {
      return Progress::Failed;  // the client sees a body that breaks off
    }
    if (head.empty() && piece.empty()) return Progress::Done;
    const std::optional<std::size_t> sent = socket.send(head, piece);
    if (!sent) return Progress::Failed;
    const std::size_t of_head = std::min(*sent, head.size());
    const std::size_t of_piece = *sent - of_head;
    if (source_) source_->unread(piece.size() - of_piece);
    head_sent_ += of_head;
    body_sent_ += of_piece;
    if (*sent > 0) moved_ = Clock::now();
    const bool all = *sent == head.size() + piece.size();
    if (all && body_sent_ == body_size_) return Progress::Done;
    if (Clock::now() >= deadline(limits)) return Progress::Failed;
    if (!all || busy()) return Progress::Waiting;
  }
}

Clock::time_point ReplyWriter::deadline(const ConnectionLimits& limits) const {
  const std::chrono::milliseconds earned((head_sent_ + body_sent_) * 1000 / limits.transfer_rate);
  return std::min(moved_ + limits.write, began_ + limits.transfer + earned);
}

}  // namespace millrace
