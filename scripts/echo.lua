-- Answers "ping" with "pong" and repeats everything else.
-- Change it, save it, and write to the bot again: it behaves differently at once.

function on_message(msg)
  if msg.text == "ping" then
    return msg:reply("pong")
  end
  if msg.kind == "text" or msg.kind == "voice" then
    msg:reply("You said: " .. msg.text)
  else
    msg:reply("That is a nice " .. msg.kind .. ".")
  end
end
