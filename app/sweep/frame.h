// Texts through a stream socket: a length of eight bytes in this machine's order, then the bytes.
#pragma once

#include <optional>
#include <string>

namespace heddle::sweep {

/// False: nobody reads there any more.
bool send_frame(int socket, const std::string& text);
/// Waits. Nothing: the other side has closed it, or died.
std::optional<std::string> receive_frame(int socket);

}  // namespace heddle::sweep
