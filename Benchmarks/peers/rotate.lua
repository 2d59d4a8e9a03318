-- The calls of a rotation, and nothing else: rotate.lua TOKEN PREFIX COUNT. Of each secret in turn: read it, write the
-- next version on the condition that the one before is the newest, read it back. All secrets are at version 1 at first.
local headers, prefix, count
local step, index, version = 0, 0, 1

function init(arguments)
  headers = { ["X-Vault-Token"] = arguments[1], ["X-Vault-Request"] = "true", ["Content-Type"] = "application/json" }
  prefix, count = arguments[2], tonumber(arguments[3])
end

-- Reads and writes of one secret are on different connections, so each step is taken for a block of secrets.
local block = 64

function request()
  local path = "/v1/secret/data/" .. prefix .. (index + 1)
  local is_write = step == 1
  local body = is_write and
    '{"options":{"cas":' .. version .. '},"data":{"value":"rota_0123456789abcdefghijklmnopqrst' .. 100000 + index .. '"}}' or nil
  index = index + 1
  if index % block == 0 or index == count then
    if step < 2 then
      step = step + 1
      index = index - ((index - 1) % block + 1)
    else
      step = 0
      if index == count then index, version = 0, version + 1 end
    end
  end
  return wrk.format(is_write and "POST" or "GET", path, headers, body)
end
