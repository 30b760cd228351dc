// The least of Vulkan that a compute program needs. Every failure ends the program with exit code 2.
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <vulkan/vulkan.h>

struct device {
    VkInstance instance;
    VkPhysicalDevice physical;
    VkDevice device;
    VkQueue queue;
    uint32_t family;
    bool computes; // whether the queue does more than copies
    VkCommandPool pool;
    VkPhysicalDeviceProperties properties;
    VkPhysicalDeviceMemoryProperties memory;
    uint32_t timestamp_bits;
    // What the device announces.
    VkPhysicalDeviceFeatures2 features;
    VkPhysicalDeviceVulkan11Features features11;
    VkPhysicalDeviceVulkan12Features features12;
    VkPhysicalDeviceVulkan13Features features13;
    bool has_matrices;
    bool has_conditions;
    const char *shaders; // folder of *.spv
};

struct buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    VkDeviceSize size;
    void *data; // mapped, or null
};

// What lies behind a binding, and how.
struct binding {
    const struct buffer *buffer;
    VkDescriptorType type;
    VkFormat format; // of texel buffers
    uint32_t first, count; // binding number is `first`; arrays take `count` consecutive rows of the list
};

struct program {
    VkShaderModule module;
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkPipeline pipeline;
    VkDescriptorPool pool;
    VkDescriptorSet set;
    VkBufferView views[8];
    uint32_t view_count;
};

struct program_options {
    const char *shader;
    const struct binding *bindings;
    uint32_t binding_count;
    uint32_t push_bytes;
    uint32_t constant; // specialization constant 0, if not 0
    uint32_t subgroup; // required subgroup size, if not 0
};

void check(VkResult result, const char *what);
#define CHECK(call) check((call), #call)

// Opens the first physical device on a queue of this family.
void open_device(struct device *device, uint32_t family, const char *shaders);
void close_device(struct device *device);
// `properties`: all that the memory type must have.
struct buffer make_buffer(struct device *device, VkDeviceSize size, VkMemoryPropertyFlags properties);
void free_buffer(struct device *device, struct buffer *buffer);
VkDeviceAddress address_of(struct device *device, const struct buffer *buffer);
struct program make_program(struct device *device, const struct program_options *options);
void free_program(struct device *device, struct program *program);
VkCommandBuffer begin_commands(struct device *device);
void bind(VkCommandBuffer commands, const struct program *program, const void *push, uint32_t push_bytes);
// All that shaders and copies wrote is there for all that follows.
void barrier(VkCommandBuffer commands);
// Submits, waits and frees.
void run_commands(struct device *device, VkCommandBuffer commands);

#endif
