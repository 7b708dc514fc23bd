// The only JSON in store/: edits of the JSON texts that MLflow keeps inside stored values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace millrace::tracking {

// A logged model's tag mlflow.modelVersions: a list of {"name", "version"}.
class ModelVersionList {
 public:
  // Parses the text, which takes time for a long one. No list and an empty text are the same.
  // Throws INVALID_PARAMETER_VALUE for what is no JSON list.
  explicit ModelVersionList(std::string text);
  ModelVersionList(ModelVersionList&&) noexcept;
  ~ModelVersionList();

  const std::string& text() const { return text_; }

  // What abstract_store.set_model_versions_tags makes of it: the new entry comes last; if it is in
  // the list already, the list is replaced by it.
  std::string with(const std::string& name, std::int64_t version) const;

 private:
  struct Entries;

  std::string text_;
  std::unique_ptr<const Entries> entries_;
};

// The tag's key.
inline constexpr const char* kModelVersionsTag = "mlflow.modelVersions";

}  // namespace millrace::tracking
