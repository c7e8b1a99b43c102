function on_message(msg)
  type = msg.kind
  msg:reply(type)
end

-- want 2:3: warning: type is a name of the API, and nothing else can use it any more: write local type, or take another name
