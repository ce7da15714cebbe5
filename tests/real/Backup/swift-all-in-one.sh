#!/usr/bin/env bash
# OpenStack Swift with one replica, tempauth and the S3 interface, all in one folder: swift-all-in-one.sh FOLDER PORT
# Uses that port for the proxy and the four after it. Everything ends with this script, whatever ends it.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
folder=$1 port=$2
declare -A ports=([account]=$((port + 1)) [container]=$((port + 2)) [object]=$((port + 3)))
memcache=$((port + 4))
cd "$folder"

if [[ ! -e proxy.conf ]]; then
  mkdir -p disks/d1 cache
  # The three rings by one process: starting Python is what takes long.
  /usr/bin/python3 - $port <<'END'
import sys
from swift.common.ring import RingBuilder
for offset, kind in enumerate(('account', 'container', 'object'), 1):
    ring = RingBuilder(4, 1, 1)
    ring.add_dev({'id': 0, 'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(sys.argv[1]) + offset, 'device': 'd1', 'weight': 1})
    ring.rebalance()
    ring.get_ring().save(kind + '.ring.gz')
END
  for kind in account container object; do
    cat >$kind.conf <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${ports[$kind]}
workers = 0
user = $(id -un)
swift_dir = $PWD
devices = $PWD/disks
mount_check = false
fallocate_reserve = 0
disable_fallocate = true
recon_cache_path = $PWD/cache
log_level = ERROR
log_address = $PWD/none
[pipeline:main]
pipeline = $kind-server
[app:$kind-server]
use = egg:swift#$kind
END
  done
  cat >proxy.conf <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
workers = 0
user = $(id -un)
swift_dir = $PWD
log_level = ERROR
log_address = $PWD/none
[pipeline:main]
pipeline = catch_errors cache s3api tempauth versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$memcache
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing-Geheim .admin
[filter:symlink]
use = egg:swift#symlink
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = dallas
allow_multipart_uploads = false
END
fi
end_with_us=(setpriv --pdeathsig KILL --)
"${end_with_us[@]}" memcached -u "$(id -un)" -l 127.0.0.1 -p $memcache -m 16 &
for kind in account container object; do
  "${end_with_us[@]}" swift-$kind-server $kind.conf &
done
"${end_with_us[@]}" swift-proxy-server proxy.conf &
wait
