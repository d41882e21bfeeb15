/*
 * Names of configuration space registers and their bits (PCI Local Bus 3.0
 * chapter 6, PCI-to-PCI Bridge 1.2 chapter 3, PCI Express Base 3.0
 * chapter 7).  Offsets are in bytes; capability registers count from the
 * capability's start.
 */
#ifndef HW_PCI_PCI_REGS_H
#define HW_PCI_PCI_REGS_H

#define PCI_CONFIG_SIZE 256
#define PCIE_CONFIG_SIZE 4096
#define PCI_CONFIG_HEADER_SIZE 64

/* Both header types. */
#define PCI_VENDOR_ID 0x00
#define PCI_DEVICE_ID 0x02
#define PCI_COMMAND 0x04
#define PCI_COMMAND_IO 0x0001
#define PCI_COMMAND_MEMORY 0x0002
#define PCI_COMMAND_MASTER 0x0004
#define PCI_COMMAND_SERR 0x0100
#define PCI_COMMAND_INTX_DISABLE 0x0400
#define PCI_STATUS 0x06
#define PCI_STATUS_INTERRUPT 0x08
#define PCI_STATUS_CAPABILITIES 0x10
#define PCI_REVISION 0x08
#define PCI_CLASS 0x09 /* interface, sub-class, base class */
#define PCI_CACHE_LINE_SIZE 0x0c
#define PCI_HEADER_TYPE 0x0e
#define PCI_HEADER_BRIDGE 0x01
#define PCI_HEADER_MULTIFUNCTION 0x80
#define PCI_BAR0 0x10
#define PCI_CAPABILITIES 0x34
#define PCI_INTERRUPT_LINE 0x3c
#define PCI_INTERRUPT_PIN 0x3d

/* Type 0. */
#define PCI_SUBSYSTEM_VENDOR 0x2c
#define PCI_SUBSYSTEM 0x2e

/* Type 0. */
#define PCI_ROM_ADDRESS 0x30
#define PCI_ROM_ENABLE 1

/* Type 1. */
#define PCI_PRIMARY_BUS 0x18
#define PCI_SECONDARY_BUS 0x19
#define PCI_SUBORDINATE_BUS 0x1a
#define PCI_IO_BASE 0x1c
#define PCI_IO_LIMIT 0x1d
#define PCI_MEMORY_BASE 0x20
#define PCI_MEMORY_LIMIT 0x22
#define PCI_PREFETCH_BASE 0x24
#define PCI_PREFETCH_LIMIT 0x26
#define PCI_PREFETCH_BASE_UPPER 0x28
#define PCI_PREFETCH_LIMIT_UPPER 0x2c
#define PCI_BRIDGE_CONTROL 0x3e
#define PCI_BRIDGE_CONTROL_RESET 0x40

/* Base address registers. */
#define PCI_BAR_IO 0x1
#define PCI_BAR_64 0x4
#define PCI_BAR_PREFETCH 0x8

/* Capability ids. */
#define PCI_CAP_POWER 0x01
#define PCI_CAP_MSI 0x05
#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_SUBSYSTEM 0x0d
#define PCI_CAP_EXPRESS 0x10
#define PCI_CAP_MSIX 0x11

/* Power management. */
#define PCI_POWER_CAPABILITIES 2
#define PCI_POWER_VERSION 3
#define PCI_POWER_CONTROL 4
#define PCI_POWER_STATE 0x0003
#define PCI_POWER_D3HOT 3

/* MSI, with 64-bit address and masks. */
#define PCI_MSI_CONTROL 2
#define PCI_MSI_ENABLE 0x0001
#define PCI_MSI_CAPABLE_SHIFT 1 /* log2 of vectors the function has */
#define PCI_MSI_ENABLED_SHIFT 4 /* log2 of vectors it may use */
#define PCI_MSI_64 0x0080
#define PCI_MSI_MASKABLE 0x0100
#define PCI_MSI_ADDRESS 4
#define PCI_MSI_DATA 12
#define PCI_MSI_MASK 16
#define PCI_MSI_PENDING 20
#define PCI_MSI_SIZE 24

/* MSI-X. */
#define PCI_MSIX_CONTROL 2
#define PCI_MSIX_MASK_ALL 0x4000
#define PCI_MSIX_ENABLE 0x8000
#define PCI_MSIX_TABLE 4
#define PCI_MSIX_PENDING 8
#define PCI_MSIX_SIZE 12

/* Express. */
#define PCIE_CAPABILITIES 0x02
#define PCIE_DEVICE_CAP 0x04
#define PCIE_DEVICE_CAP_ROLE_ERRORS 0x00008000
#define PCIE_DEVICE_CAP_FLR 0x10000000
#define PCIE_DEVICE_CONTROL 0x08
#define PCIE_DEVICE_CONTROL_FLR 0x8000
#define PCIE_DEVICE_STATUS 0x0a
#define PCIE_LINK_CAP 0x0c
#define PCIE_LINK_CONTROL 0x10
#define PCIE_LINK_STATUS 0x12
#define PCIE_LINK_STATUS_UP 0x2000
#define PCIE_SLOT_CAP 0x14
#define PCIE_SLOT_CAP_HOTPLUG 0x00000060 /* capable, surprise */
#define PCIE_SLOT_CAP_PARTS 0x0002001b   /* button, power, LEDs, lock */
#define PCIE_SLOT_CONTROL 0x18
#define PCIE_SLOT_CONTROL_INTERRUPT 0x0020
#define PCIE_SLOT_CONTROL_ATTENTION_OFF 0x00c0
#define PCIE_SLOT_CONTROL_POWER_LED 0x0300
#define PCIE_SLOT_CONTROL_POWER_LED_ON 0x0100
#define PCIE_SLOT_CONTROL_POWER_OFF 0x0400
#define PCIE_SLOT_CONTROL_LOCK 0x0800 /* toggles, reads as 0 */
#define PCIE_SLOT_STATUS 0x1a
#define PCIE_SLOT_EVENTS 0x001f /* in status and, to enable them, control */
#define PCIE_SLOT_STATUS_COMPLETED 0x0010
#define PCIE_SLOT_STATUS_PRESENT 0x0040
#define PCIE_SLOT_STATUS_LOCKED 0x0080
#define PCIE_SLOT_STATUS_LINK_CHANGED 0x0100
#define PCIE_ROOT_CONTROL 0x1c
#define PCIE_DEVICE_CAP2 0x24
#define PCIE_DEVICE_CAP2_ARI 0x00000020
#define PCIE_DEVICE_CAP2_PREFIXES 0x00300000 /* extended formats, TLP */
#define PCIE_DEVICE_CONTROL2 0x28
#define PCIE_LINK_CAP2 0x2c
#define PCIE_LINK_CONTROL2 0x30
#define PCIE_CAP_SIZE 0x3c

/* Express device and port types. */
#define PCIE_TYPE_ENDPOINT 0x0
#define PCIE_TYPE_ROOT_PORT 0x4

/* Extended capabilities start at 0x100 with a word of id 15..0, version
 * 19..16, next 31..20. */
#define PCIE_EXTENDED 0x100

#endif
