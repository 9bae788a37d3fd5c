#include "support/read_text.h"

#include <fstream>
#include <vector>

#include "support/error.h"

namespace heddle {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;

}  // namespace

std::string read_text(const std::filesystem::path& file, const std::string& kind) {
  std::error_code code;
  if (std::filesystem::is_directory(file, code))
    throw InputError(file.string(), "is a folder, expected " + kind);
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw InputError(file.string(), "cannot be read: no such file, or no permission");
  std::string text;
  std::vector<char> chunk(1 << 16);
  while (stream.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || stream.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kMostBytes) throw InputError(file.string(), "is larger than 64 MiB, expected " + kind);
  }
  return text;
}

}  // namespace heddle
