function on_message(msg)
  msg:reply（"你好"）
end

-- want 2:12: error: unexpected character '（': write (
