local bot = load_bot("broken.lua")
bot:user("alice"):says("x")
