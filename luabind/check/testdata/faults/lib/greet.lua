local M = {}

function helper_of_lib(msg) return msg end

function M.hello(msg)
  msg:reply(undefined_greeting)
end

return M
