function on_message(msg)
  json.encode({ text = msg.text })
  kv.user(msg.from):get("name")
  time.now()
  msg:reply("x")
end

-- want 2:8: warning: json.encode only returns something, and nothing is done with it here
-- want 3:21: warning: kv.User.get only returns something, and nothing is done with it here
-- want 4:8: warning: time.now only returns something, and nothing is done with it here
