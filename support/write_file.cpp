#include "support/write_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "support/error.h"

namespace heddle {
namespace fs = std::filesystem;

OutputFile::OutputFile(const fs::path& target) : target_(target) {
  std::error_code code;
  const fs::file_status status = fs::status(target, code);
  if (fs::is_directory(status)) throw InputError(target.string(), "is a folder, expected a file to write");
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    stream_.open(target, std::ios::binary);
    if (!stream_) fail(errno);
    return;
  }
  fs::path real = target;  // a link stays a link: the file behind it is replaced
  if (fs::is_symlink(fs::symlink_status(target, code))) real = fs::weakly_canonical(target, code);
  target_ = real;
  for (int attempt = 0;; ++attempt) {
    temporary_ = real;
    temporary_ += "." + std::to_string(getpid()) + "-" + std::to_string(attempt) + ".tmp";
    const int file = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0) {
      close(file);
      break;
    }
    if (errno != EEXIST || attempt == 100) {
      const int error = errno;
      temporary_.clear();
      fail(error);
    }
  }
  stream_.open(temporary_, std::ios::binary);
  if (!stream_) {
    const int error = errno;
    fs::remove(temporary_, code);
    fail(error);
  }
}

OutputFile::~OutputFile() {
  if (temporary_.empty()) return;
  stream_.close();
  std::error_code code;
  fs::remove(temporary_, code);
}

void OutputFile::commit() {
  errno = 0;
  stream_.flush();
  stream_.close();
  if (!stream_) fail(errno);
  if (temporary_.empty()) return;
  std::error_code code;
  fs::rename(temporary_, target_, code);
  if (code) fail(code.value());
  temporary_.clear();
}

void OutputFile::fail(int error) const {
  throw InputError(target_.string(), std::string("cannot be written: ") +
                                         (error != 0 ? std::strerror(error) : "the system gave no reason"));
}

void write_file(const fs::path& target, const std::string& text) {
  OutputFile file(target);
  file.stream() << text;
  file.commit();
}

}  // namespace heddle
