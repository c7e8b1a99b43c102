function on_message(msg)
  msg:reply("hello)
end

-- want 2:13: error: unterminated string near 'hello)'
