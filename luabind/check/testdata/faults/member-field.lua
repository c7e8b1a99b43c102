function on_message(msg)
  msg:reply("You said " .. msg.txt)
end

-- want 2:32: error: an ilink.Message has no txt; did you mean text?
