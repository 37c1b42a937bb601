#!/bin/busybox sh
# The machine's first program: devices, modules, the host's files below a writable layer, the tests.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
busybox mkdir -p /proc /sys /dev /run /tmp /host /layer /root
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev
busybox mkdir -p /dev/pts /dev/shm
busybox mount -t devpts devpts /dev/pts
busybox mount -t tmpfs run /run
busybox mount -t tmpfs layer /layer

for module in virtio_pci 9p 9pnet_virtio overlay virtio_console; do modprobe $module; done
/lib/systemd/systemd-udevd --daemon 2>/dev/null
for module in xhci_pci ehci_pci uhci_hcd usbhid hid_generic evdev uinput ftdi_sio cdc_acm usblp; do
  modprobe $module
done
udevadm trigger; udevadm settle --timeout=20

busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,cache=loose,ro host /host
busybox mkdir -p /layer/up /layer/work /layer/all
busybox mount -t overlay -o lowerdir=/host,upperdir=/layer/up,workdir=/layer/work all /layer/all
for place in dev proc sys run; do busybox mount --bind /$place /layer/all/$place; done
# Modules the tests load themselves are the machine's, not the host's.
busybox mkdir -p /layer/all/lib/modules /layer/all/run/vm
busybox mount --bind /lib/modules /layer/all/lib/modules

command=$(busybox sed -n 's/.*vm.run=\([^ ]*\).*/\1/p' /proc/cmdline)
busybox chroot /layer/all /bin/sh "$command"
echo "vm: ended with $?" > /dev/console
busybox poweroff -f
