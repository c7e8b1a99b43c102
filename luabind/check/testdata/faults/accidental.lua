function on_message(msg)
  answer = "You said " .. msg.text
  msg:reply(answer)
end

-- want 2:3: warning: answer becomes a global, which all messages share: write local answer, or declare it at the top of the file
