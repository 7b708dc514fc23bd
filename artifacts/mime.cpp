#include "artifacts/mime.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "store/text/ascii.h"

namespace millrace {
namespace {

// What MLflow shows as text; compared with the letters' case.
constexpr std::string_view kTextExtensions =
    " txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv "
    "tsv"
    " md rst ipynb MLmodel mlproject ";

struct Type {
  std::string_view type;
  std::string_view extensions;  // lower case, separated by blanks
};

constexpr Type kTypes[] = {
    {"application/javascript", "js"},
    {"application/json", "json"},
    {"application/manifest+json", "webmanifest"},
    {"application/msword", "doc dot wiz"},
    {"application/n-quads", "nq"},
    {"application/n-triples", "nt"},
    {"application/octet-stream", "bin a dll exe o obj so"},
    {"application/oda", "oda"},
    {"application/pdf", "pdf"},
    {"application/pkcs7-mime", "p7c"},
    {"application/postscript", "ps ai eps"},
    {"application/rtf", "rtf"},
    {"application/trig", "trig"},
    {"application/vnd.apple.mpegurl", "m3u m3u8"},
    {"application/vnd.ms-excel", "xls xlb"},
    {"application/vnd.ms-powerpoint", "ppt pot ppa pps pwz"},
    {"application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    {"application/wasm", "wasm"},
    {"application/x-bcpio", "bcpio"},
    {"application/x-cpio", "cpio"},
    {"application/x-csh", "csh"},
    {"application/x-dvi", "dvi"},
    {"application/x-gtar", "gtar"},
    {"application/x-hdf", "hdf"},
    {"application/x-hdf5", "h5"},
    {"application/x-latex", "latex"},
    {"application/x-mif", "mif"},
    {"application/x-netcdf", "cdf nc"},
    {"application/x-pkcs12", "p12 pfx"},
    {"application/x-python-code", "pyc pyo"},
    {"application/x-sh", "sh"},
    {"application/x-shar", "shar"},
    {"application/x-sv4cpio", "sv4cpio"},
    {"application/x-sv4crc", "sv4crc"},
    {"application/x-tar", "tar"},
    {"application/x-tcl", "tcl"},
    {"application/x-tex", "tex"},
    {"application/x-texinfo", "texi texinfo"},
    {"application/x-troff", "roff t tr"},
    {"application/x-troff-man", "man"},
    {"application/x-troff-me", "me"},
    {"application/x-troff-ms", "ms"},
    {"application/x-ustar", "ustar"},
    {"application/xml", "xsl rdf wsdl xpdl"},
    {"application/zip", "zip"},
    {"audio/3gpp", "3gp 3gpp"},
    {"audio/3gpp2", "3g2 3gpp2"},
    {"audio/aac", "aac adts loas ass"},
    {"audio/basic", "au snd"},
    {"audio/mpeg", "mp3 mp2"},
    {"audio/ogg", "oga ogg"},
    {"audio/opus", "opus"},
    {"audio/x-aiff", "aif aifc aiff"},
    {"audio/x-pn-realaudio", "ra ram"},
    {"audio/x-wav", "wav"},
    {"font/otf", "otf"},
    {"font/ttf", "ttf"},
    {"font/woff", "woff"},
    {"font/woff2", "woff2"},
    {"image/avif", "avif"},
    {"image/bmp", "bmp"},
    {"image/gif", "gif"},
    {"image/heic", "heic"},
    {"image/heif", "heif"},
    {"image/ief", "ief"},
    {"image/jpeg", "jpg jpe jpeg"},
    {"image/png", "png"},
    {"image/svg+xml", "svg"},
    {"image/tiff", "tiff tif"},
    {"image/vnd.microsoft.icon", "ico"},
    {"image/webp", "webp"},
    {"image/x-cmu-raster", "ras"},
    {"image/x-portable-anymap", "pnm"},
    {"image/x-portable-bitmap", "pbm"},
    {"image/x-portable-graymap", "pgm"},
    {"image/x-portable-pixmap", "ppm"},
    {"image/x-rgb", "rgb"},
    {"image/x-xbitmap", "xbm"},
    {"image/x-xpixmap", "xpm"},
    {"image/x-xwindowdump", "xwd"},
    {"message/rfc822", "eml mht mhtml nws"},
    {"text/css", "css"},
    {"text/csv", "csv"},
    {"text/html", "html htm"},
    {"text/javascript", "mjs"},
    {"text/n3", "n3"},
    {"text/plain", "txt bat c h ksh pl srt"},
    {"text/richtext", "rtx"},
    {"text/tab-separated-values", "tsv"},
    {"text/vtt", "vtt"},
    {"text/x-python", "py"},
    {"text/x-setext", "etx"},
    {"text/x-sgml", "sgm sgml"},
    {"text/x-vcard", "vcf"},
    {"text/xml", "xml"},
    {"video/mp4", "mp4"},
    {"video/mpeg", "mpeg m1v mpa mpe mpg"},
    {"video/quicktime", "mov qt"},
    {"video/webm", "webm"},
    {"video/x-msvideo", "avi"},
    {"video/x-sgi-movie", "movie"},
};

using Table = std::unordered_map<std::string_view, std::string_view>;

Table table() {
  Table table;
  for (const Type& type : kTypes) {
    for (std::string_view rest = type.extensions; !rest.empty();) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      table.emplace(rest.substr(0, end), type.type);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return table;
}

// posixpath.splitext: dots that lead the name are no extension's. Without the dot; empty when there
// is none.
std::string_view extension_of(std::string_view name) {
  const std::size_t first = name.find_first_not_of('.');
  const std::size_t dot = name.rfind('.');
  if (first == std::string_view::npos || dot == std::string_view::npos || dot < first) return {};
  return name.substr(dot + 1);
}

// What mimetypes reads as a compressed file: the type is that of the name without it.
std::string_view without_encoding(std::string_view name, std::string_view extension) {
  static constexpr std::string_view kEncodings[] = {"gz", "Z", "bz2", "xz", "br"};
  if (std::find(std::begin(kEncodings), std::end(kEncodings), extension) == std::end(kEncodings))
    return name;
  return name.substr(0, name.size() - extension.size() - 1);
}

}  // namespace

std::string_view mime_type(std::string_view file_name) {
  static const Table kTable = table();
  std::string_view extension = extension_of(file_name);
  const std::string_view word = extension.empty() ? file_name : extension;
  if (kTextExtensions.find(" " + std::string(word) + " ") != std::string_view::npos &&
      word.find(' ') == std::string_view::npos && !word.empty()) {
    return "text/plain";
  }
  std::string lower = ascii_lower(extension);
  if (lower == "tgz" || lower == "taz" || lower == "tz" || lower == "tbz2" || lower == "txz") {
    lower = "tar";
  } else if (lower == "svgz") {
    lower = "svg";
  } else {
    const std::string_view plain = without_encoding(file_name, extension);
    if (plain.size() != file_name.size()) lower = ascii_lower(extension_of(plain));
  }
  const auto found = kTable.find(lower);
  return found == kTable.end() ? "application/octet-stream" : found->second;
}

}  // namespace millrace
