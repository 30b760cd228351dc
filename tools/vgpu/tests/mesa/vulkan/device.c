#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void check(VkResult result, const char *what)
{
    if (result != VK_SUCCESS) {
        fprintf(stderr, "%s: %d\n", what, result);
        exit(2);
    }
}

static bool has_extension(VkPhysicalDevice physical, const char *name)
{
    uint32_t count = 0;
    CHECK(vkEnumerateDeviceExtensionProperties(physical, NULL, &count, NULL));
    VkExtensionProperties *all = calloc(count, sizeof *all);
    CHECK(vkEnumerateDeviceExtensionProperties(physical, NULL, &count, all));
    bool found = false;
    for (uint32_t i = 0; i < count; i++)
        found |= strcmp(all[i].extensionName, name) == 0;
    free(all);
    return found;
}

void open_device(struct device *device, uint32_t family, const char *shaders)
{
    memset(device, 0, sizeof *device);
    device->shaders = shaders;
    device->family = family;
    VkApplicationInfo application = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = "compute",
        .apiVersion = VK_API_VERSION_1_3,
    };
    VkInstanceCreateInfo instance = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pApplicationInfo = &application,
    };
    CHECK(vkCreateInstance(&instance, NULL, &device->instance));
    uint32_t count = 1;
    VkResult found = vkEnumeratePhysicalDevices(device->instance, &count, &device->physical);
    if (found != VK_INCOMPLETE)
        check(found, "vkEnumeratePhysicalDevices");
    if (count == 0) {
        fprintf(stderr, "there is no Vulkan device\n");
        exit(2);
    }
    vkGetPhysicalDeviceProperties(device->physical, &device->properties);
    vkGetPhysicalDeviceMemoryProperties(device->physical, &device->memory);

    VkQueueFamilyProperties families[8];
    uint32_t family_count = 8;
    vkGetPhysicalDeviceQueueFamilyProperties(device->physical, &family_count, families);
    if (family >= family_count || !(families[family].queueFlags & (VK_QUEUE_COMPUTE_BIT | VK_QUEUE_TRANSFER_BIT))) {
        fprintf(stderr, "queue family %u neither computes nor copies\n", family);
        exit(2);
    }
    device->computes = families[family].queueFlags & VK_QUEUE_COMPUTE_BIT;
    device->timestamp_bits = families[family].timestampValidBits;

    const char *extensions[4];
    uint32_t extension_count = 0;
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR,
    };
    VkPhysicalDeviceConditionalRenderingFeaturesEXT conditions = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_CONDITIONAL_RENDERING_FEATURES_EXT,
    };
    VkPhysicalDeviceShaderSubgroupRotateFeaturesKHR rotate = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SUBGROUP_ROTATE_FEATURES_KHR,
    };
    void *chain = NULL;
    if (has_extension(device->physical, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME)) {
        extensions[extension_count++] = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
        matrices.pNext = chain;
        chain = &matrices;
    }
    if (has_extension(device->physical, VK_EXT_CONDITIONAL_RENDERING_EXTENSION_NAME)) {
        extensions[extension_count++] = VK_EXT_CONDITIONAL_RENDERING_EXTENSION_NAME;
        conditions.pNext = chain;
        chain = &conditions;
    }
    if (has_extension(device->physical, VK_KHR_SHADER_SUBGROUP_ROTATE_EXTENSION_NAME)) {
        extensions[extension_count++] = VK_KHR_SHADER_SUBGROUP_ROTATE_EXTENSION_NAME;
        rotate.pNext = chain;
        chain = &rotate;
    }
    device->features13 = (VkPhysicalDeviceVulkan13Features){
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
        .pNext = chain,
    };
    device->features12 = (VkPhysicalDeviceVulkan12Features){
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
        .pNext = &device->features13,
    };
    device->features11 = (VkPhysicalDeviceVulkan11Features){
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
        .pNext = &device->features12,
    };
    device->features = (VkPhysicalDeviceFeatures2){
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .pNext = &device->features11,
    };
    vkGetPhysicalDeviceFeatures2(device->physical, &device->features);
    device->features.features.robustBufferAccess = VK_FALSE;
    device->has_matrices = matrices.cooperativeMatrix;
    device->has_conditions = conditions.conditionalRendering;

    float priority = 1;
    VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    // All that was announced is asked for.
    VkDeviceCreateInfo create = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = &device->features,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = extension_count,
        .ppEnabledExtensionNames = extensions,
    };
    CHECK(vkCreateDevice(device->physical, &create, NULL, &device->device));
    vkGetDeviceQueue(device->device, family, 0, &device->queue);
    VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .queueFamilyIndex = family,
    };
    CHECK(vkCreateCommandPool(device->device, &pool, NULL, &device->pool));
}

void close_device(struct device *device)
{
    vkDestroyCommandPool(device->device, device->pool, NULL);
    vkDestroyDevice(device->device, NULL);
    vkDestroyInstance(device->instance, NULL);
}

static uint32_t memory_type(const struct device *device, uint32_t allowed, VkMemoryPropertyFlags properties)
{
    for (uint32_t i = 0; i < device->memory.memoryTypeCount; i++) {
        VkMemoryPropertyFlags has = device->memory.memoryTypes[i].propertyFlags;
        if ((allowed >> i & 1) && (has & properties) == properties)
            return i;
    }
    fprintf(stderr, "no memory type has properties %#x\n", properties);
    exit(2);
}

struct buffer make_buffer(struct device *device, VkDeviceSize size, VkMemoryPropertyFlags properties)
{
    struct buffer made = { .size = size };
    VkBufferUsageFlags usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT
        | VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT | VK_BUFFER_USAGE_STORAGE_BUFFER_BIT
        | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT | VK_BUFFER_USAGE_STORAGE_TEXEL_BUFFER_BIT
        | VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT;
    if (device->has_conditions)
        usage |= VK_BUFFER_USAGE_CONDITIONAL_RENDERING_BIT_EXT;
    VkBufferCreateInfo create = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = size,
        .usage = usage,
    };
    CHECK(vkCreateBuffer(device->device, &create, NULL, &made.buffer));
    VkMemoryRequirements needs;
    vkGetBufferMemoryRequirements(device->device, made.buffer, &needs);
    VkMemoryAllocateFlagsInfo flags = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
        .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT,
    };
    VkMemoryAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = &flags,
        .allocationSize = needs.size,
        .memoryTypeIndex = memory_type(device, needs.memoryTypeBits, properties),
    };
    CHECK(vkAllocateMemory(device->device, &allocate, NULL, &made.memory));
    CHECK(vkBindBufferMemory(device->device, made.buffer, made.memory, 0));
    if (properties & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT)
        CHECK(vkMapMemory(device->device, made.memory, 0, VK_WHOLE_SIZE, 0, &made.data));
    return made;
}

void free_buffer(struct device *device, struct buffer *buffer)
{
    vkDestroyBuffer(device->device, buffer->buffer, NULL);
    vkFreeMemory(device->device, buffer->memory, NULL);
}

VkDeviceAddress address_of(struct device *device, const struct buffer *buffer)
{
    VkBufferDeviceAddressInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO,
        .buffer = buffer->buffer,
    };
    return vkGetBufferDeviceAddress(device->device, &info);
}

static VkShaderModule load_shader(struct device *device, const char *name)
{
    static uint32_t words[1 << 16];
    char path[512];
    snprintf(path, sizeof path, "%s/%s.spv", device->shaders, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    size_t count = fread(words, 4, sizeof words / 4, file);
    fclose(file);
    VkShaderModuleCreateInfo create = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = count * 4,
        .pCode = words,
    };
    VkShaderModule module;
    CHECK(vkCreateShaderModule(device->device, &create, NULL, &module));
    return module;
}

static bool is_texel(VkDescriptorType type)
{
    return type == VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER || type == VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER;
}

static void write_set(struct device *device, struct program *program, const struct program_options *options)
{
    uint32_t element = 0;
    for (uint32_t i = 0; i < options->binding_count; i++) {
        const struct binding *from = &options->bindings[i];
        element = i > 0 && options->bindings[i - 1].first == from->first ? element + 1 : 0;
        VkDescriptorBufferInfo whole = { .buffer = from->buffer->buffer, .range = VK_WHOLE_SIZE };
        VkWriteDescriptorSet write = {
            .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
            .dstSet = program->set,
            .dstBinding = from->first,
            .dstArrayElement = element,
            .descriptorCount = 1,
            .descriptorType = from->type,
            .pBufferInfo = &whole,
        };
        if (is_texel(from->type)) {
            VkBufferViewCreateInfo view = {
                .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                .buffer = from->buffer->buffer,
                .format = from->format,
                .range = VK_WHOLE_SIZE,
            };
            VkBufferView *made = &program->views[program->view_count++];
            CHECK(vkCreateBufferView(device->device, &view, NULL, made));
            write.pTexelBufferView = made;
        }
        vkUpdateDescriptorSets(device->device, 1, &write, 0, NULL);
    }
}

struct program make_program(struct device *device, const struct program_options *options)
{
    struct program made = { .module = load_shader(device, options->shader) };
    VkDescriptorSetLayoutBinding rows[8] = { 0 };
    VkDescriptorPoolSize sizes[8] = { 0 };
    uint32_t count = 0;
    for (uint32_t i = 0; i < options->binding_count; i++) {
        const struct binding *from = &options->bindings[i];
        if (count > 0 && rows[count - 1].binding == from->first) {
            rows[count - 1].descriptorCount++;
            sizes[count - 1].descriptorCount++;
            continue;
        }
        rows[count] = (VkDescriptorSetLayoutBinding){
            .binding = from->first,
            .descriptorType = from->type,
            .descriptorCount = 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
        };
        sizes[count++] = (VkDescriptorPoolSize){ .type = from->type, .descriptorCount = 1 };
    }
    VkDescriptorSetLayoutCreateInfo set_layout = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = count,
        .pBindings = rows,
    };
    CHECK(vkCreateDescriptorSetLayout(device->device, &set_layout, NULL, &made.set_layout));
    VkPushConstantRange push = { .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = options->push_bytes };
    VkPipelineLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &made.set_layout,
        .pushConstantRangeCount = options->push_bytes != 0,
        .pPushConstantRanges = &push,
    };
    CHECK(vkCreatePipelineLayout(device->device, &layout, NULL, &made.layout));

    VkSpecializationMapEntry entry = { .size = sizeof options->constant };
    VkSpecializationInfo constants = {
        .mapEntryCount = 1,
        .pMapEntries = &entry,
        .dataSize = sizeof options->constant,
        .pData = &options->constant,
    };
    VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
        .requiredSubgroupSize = options->subgroup,
    };
    VkComputePipelineCreateInfo pipeline = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {
            .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
            .pNext = options->subgroup ? &subgroup : NULL,
            .flags = options->subgroup ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT : 0,
            .stage = VK_SHADER_STAGE_COMPUTE_BIT,
            .module = made.module,
            .pName = "main",
            .pSpecializationInfo = options->constant ? &constants : NULL,
        },
        .layout = made.layout,
    };
    CHECK(vkCreateComputePipelines(device->device, VK_NULL_HANDLE, 1, &pipeline, NULL, &made.pipeline));

    if (count > 0) {
        VkDescriptorPoolCreateInfo pool = {
            .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
            .maxSets = 1,
            .poolSizeCount = count,
            .pPoolSizes = sizes,
        };
        CHECK(vkCreateDescriptorPool(device->device, &pool, NULL, &made.pool));
        VkDescriptorSetAllocateInfo allocate = {
            .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
            .descriptorPool = made.pool,
            .descriptorSetCount = 1,
            .pSetLayouts = &made.set_layout,
        };
        CHECK(vkAllocateDescriptorSets(device->device, &allocate, &made.set));
        write_set(device, &made, options);
    }
    return made;
}

void free_program(struct device *device, struct program *program)
{
    for (uint32_t i = 0; i < program->view_count; i++)
        vkDestroyBufferView(device->device, program->views[i], NULL);
    vkDestroyDescriptorPool(device->device, program->pool, NULL);
    vkDestroyPipeline(device->device, program->pipeline, NULL);
    vkDestroyPipelineLayout(device->device, program->layout, NULL);
    vkDestroyDescriptorSetLayout(device->device, program->set_layout, NULL);
    vkDestroyShaderModule(device->device, program->module, NULL);
}

VkCommandBuffer begin_commands(struct device *device)
{
    VkCommandBufferAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = device->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    VkCommandBuffer commands;
    CHECK(vkAllocateCommandBuffers(device->device, &allocate, &commands));
    VkCommandBufferBeginInfo begin = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO };
    CHECK(vkBeginCommandBuffer(commands, &begin));
    return commands;
}

void bind(VkCommandBuffer commands, const struct program *program, const void *push, uint32_t push_bytes)
{
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, program->pipeline);
    if (program->set)
        vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, program->layout, 0, 1, &program->set, 0, NULL);
    if (push_bytes)
        vkCmdPushConstants(commands, program->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, push_bytes, push);
}

void barrier(VkCommandBuffer commands)
{
    VkMemoryBarrier all = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
    };
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                         VK_PIPELINE_STAGE_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &all, 0, NULL, 0, NULL);
}

void run_commands(struct device *device, VkCommandBuffer commands)
{
    barrier(commands);
    CHECK(vkEndCommandBuffer(commands));
    VkFenceCreateInfo create = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
    VkFence fence;
    CHECK(vkCreateFence(device->device, &create, NULL, &fence));
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
    };
    CHECK(vkQueueSubmit(device->queue, 1, &submit, fence));
    CHECK(vkWaitForFences(device->device, 1, &fence, VK_TRUE, 60000000000ull));
    vkDestroyFence(device->device, fence, NULL);
    vkFreeCommandBuffers(device->device, device->pool, 1, &commands);
}
