#include "artifacts/mime.h"

#include <gtest/gtest.h>

namespace millrace::mime_test {
namespace {

TEST(MimeType, TextWinsByTheExactExtension) {
  for (const char* name : {"MLmodel", "a.json", "a.js", "a.csv", "x/y.yaml", "mlproject",
                           "a.MLmodel", "json", "conda.yaml"}) {
    EXPECT_EQ(mime_type(name), "text/plain") << name;
  }
  EXPECT_EQ(mime_type("a.JSON"), "application/json");
  EXPECT_EQ(mime_type("a.CSV"), "text/csv");
}

TEST(MimeType, UsualExtensions) {
  EXPECT_EQ(mime_type("plot.PNG"), "image/png");
  EXPECT_EQ(mime_type("a.tar.gz"), "application/x-tar");
  EXPECT_EQ(mime_type("a.tgz"), "application/x-tar");
  EXPECT_EQ(mime_type("a.svgz"), "image/svg+xml");
  EXPECT_EQ(mime_type("index.html"), "text/html");
  EXPECT_EQ(mime_type("m.h5"), "application/x-hdf5");
}

TEST(MimeType, TheRestIsBytes) {
  for (const char* name : {"model.pkl", "a.gz", "a", "", ".json", ".", "...", "a.", "a. json",
                           "txt log", "weights.safetensors"}) {
    EXPECT_EQ(mime_type(name), "application/octet-stream") << name;
  }
}

}  // namespace
}  // namespace millrace::mime_test
