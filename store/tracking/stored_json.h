// The only JSON in store/: edits of the JSON texts that MLflow keeps inside stored values.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

namespace millrace::tracking {

// The tag of a logged model that lists the versions made of it: {"name", "version"} each.
inline constexpr const char* kModelVersionsTag = "mlflow.modelVersions";

// Its value, ready for a version of one registered model. What takes time for a long list is done
// when this is made.
class ModelVersionList {
 public:
  // Of the logged model `model_id`, for a version of `name`. No list and an empty text are the
  // same. Throws INVALID_PARAMETER_VALUE for what is no JSON list.
  ModelVersionList(std::string model_id, std::string text, std::string name);

  const std::string& model_id() const { return model_id_; }
  const std::string& text() const { return text_; }

  // What abstract_store.set_model_versions_tags makes of it: the new entry comes last; if it is in
  // the list already, the list is replaced by it.
  std::string with(std::int64_t version) const;

 private:
  std::string model_id_;
  std::string text_;
  std::string name_;
  bool is_empty_ = true;
  std::unordered_set<std::int64_t> versions_;  // of the name that are in it
};

}  // namespace millrace::tracking
