#include "app/sweep/frame.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace heddle::sweep {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 32;  ///< anything longer is no frame

bool send_all(int socket, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(socket, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_all(int socket, char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::recv(socket, data, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    data += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

bool send_frame(int socket, const std::string& text) {
  const std::uint64_t size = text.size();
  char header[sizeof size];
  std::memcpy(header, &size, sizeof size);
  return send_all(socket, header, sizeof header) && send_all(socket, text.data(), text.size());
}

std::optional<std::string> receive_frame(int socket) {
  std::uint64_t size = 0;
  char header[sizeof size];
  if (!receive_all(socket, header, sizeof header)) return std::nullopt;
  std::memcpy(&size, header, sizeof size);
  if (size > kMostBytes) return std::nullopt;
  std::string text(static_cast<std::size_t>(size), '\0');
  if (!receive_all(socket, text.data(), text.size())) return std::nullopt;
  return text;
}

}  // namespace heddle::sweep
